import SystemPackage
import Testing
import Tokenizers

@testable import Datasets

@Suite("Loading a data set")
struct DatasetTests {
  let tokenizer: Tokenizer
  let classes = LabelScheme.classes(LabelMap(names: ["bad", "good"]))

  init() throws {
    let tests = FilePath(#filePath).removingLastComponent().removingLastComponent()
    tokenizer = try Tokenizer(directory: tests.pushing("Reference/tokenizer/variants/uncased"))
  }

  @Test("The three formats give the same examples")
  func formats() throws {
    let rows = [("the film, \"good\"", "a caf\u{E9}", "good"), ("not\tboring", "dull", "bad"), ("a", "", "1")]
    try withTemporaryDirectory { folder in
      let json = rows.map { row in
        let first = row.0.replacing("\"", with: "\\\"").replacing("\t", with: "\\t")
        return "{\"sentence1\":\"\(first)\",\"sentence2\":\"\(row.1)\",\"label\":\"\(row.2)\"}"
      }
      let csv = rows.map { "\"\($0.0.replacing("\"", with: "\"\""))\",\($0.1),\($0.2)" }
      let tsv = rows.map { "\($0.2)\t\($0.0.replacing("\t", with: " "))\t\($0.1)" }
      let paths = [
        try folder.write(json.joined(separator: "\n"), to: "a.jsonl"),
        try folder.write("sentence1,sentence2,label\r\n" + csv.joined(separator: "\r\n"), to: "a.csv"),
        try folder.write("label\tsentence1\tsentence2\n" + tsv.joined(separator: "\n") + "\n", to: "a.tsv"),
      ]
      let loaded = try paths.map {
        try Dataset.load(path: $0, labels: classes, tokenizer: tokenizer, maximumLength: 64)
      }
      #expect(loaded[0] == loaded[1] && loaded[1] == loaded[2])
      #expect(loaded[0].targets == [.label(1), .label(0), .label(1)])
      #expect(loaded[0].rowIndices == [0, 1, 2])
      for (index, row) in rows.enumerated() {
        let expected = tokenizer.encode(row.0, pair: row.1, maximumLength: 64)
        #expect(Array(loaded[0][index].ids) == expected.ids && Array(loaded[0][index].typeIDs) == expected.typeIDs)
      }
    }
  }

  @Test("Only chosen rows are looked at in depth, but every row must parse")
  func selection() throws {
    try withTemporaryDirectory { folder in
      let lines = (0..<40).map { $0 % 2 == 0 ? "the film \($0),good" : "the film \($0),strange" }
      let path = try folder.write("text,label\n" + lines.joined(separator: "\n"), to: "a.csv")
      let seed = try #require(
        (UInt64(0)..<1000).first { seed in
          ExampleSelection.random(count: 3, seed: seed).rows(of: 40).allSatisfy { $0 % 2 == 0 }
        })
      let selection = ExampleSelection.random(count: 3, seed: seed)
      let examples = try Dataset.load(
        path: path, labels: classes, tokenizer: tokenizer, maximumLength: 5, selection: selection)
      #expect(examples.rowIndices == selection.rows(of: 40))
      #expect(examples.fileRowCount == 40 && examples.count == 3)
      for index in 0..<3 {
        let row = examples.rowIndices[index]
        #expect(Array(examples[index].ids) == tokenizer.encode("the film \(row)", maximumLength: 5).ids)
      }
      #expect(
        throws: DataError.labelOutsideMap(file: path.string, line: 3, label: "\"strange\"", names: ["bad", "good"])
      ) {
        try Dataset.load(path: path, labels: classes, tokenizer: tokenizer, maximumLength: 5)
      }
      let broken = try folder.write("text,label\n" + lines.joined(separator: "\n") + "\nx", to: "b.csv")
      #expect(throws: DataError.fieldCount(file: broken.string, line: 42, expected: 2, found: 1)) {
        try Dataset.load(path: broken, labels: classes, tokenizer: tokenizer, maximumLength: 5, selection: selection)
      }
    }
  }

  @Test("Text that yields no token is an error by line; one text of a pair may be empty")
  func noTokens() throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write("text\ngood\n\u{200B}\u{AD}\n", to: "a.csv")
      #expect(throws: DataError.noTokens(file: path.string, line: 3)) {
        try Dataset.load(path: path, labels: .ignored, tokenizer: tokenizer, maximumLength: 8)
      }
      let pair = try folder.write("text,text_pair\ngood,\n,good\n\"\",\" \"\n", to: "b.csv")
      #expect(throws: DataError.noTokens(file: pair.string, line: 4)) {
        try Dataset.load(path: pair, labels: .ignored, tokenizer: tokenizer, maximumLength: 8)
      }
    }
  }

  @Test("Labels are not needed where they are ignored")
  func ignored() throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write("{\"sentence\":\"the film is very good\"}\n", to: "a.jsonl")
      let examples = try Dataset.load(path: path, labels: .ignored, tokenizer: tokenizer, maximumLength: 4)
      #expect(examples.targets == [.none])
      #expect(examples.truncatedCount == 1 && examples.tokenCount == 4)
      let file = path.string
      #expect(throws: DataError.missingColumn(file: file, column: "label", found: ["sentence"])) {
        try Dataset.load(path: path, labels: .number, tokenizer: tokenizer, maximumLength: 4)
      }
      #expect(throws: DataError.maximumLengthTooSmall(file: file, maximumLength: 2, specialCount: 2)) {
        try Dataset.load(path: path, labels: .ignored, tokenizer: tokenizer, maximumLength: 2)
      }
    }
  }
}
