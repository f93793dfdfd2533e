import SystemPackage
import Testing
import Tokenizers

@testable import Datasets

@Suite("Rows that cannot be used")
struct BadRowTests {
  private let tokenizer: Tokenizer
  private let classes = LabelScheme.classes(LabelMap(names: ["bad", "good"]))

  init() throws {
    let tests = FilePath(#filePath).removingLastComponent().removingLastComponent()
    tokenizer = try Tokenizer(directory: tests.pushing("Reference/tokenizer/variants/uncased"))
  }

  private func load(
    _ path: FilePath, needsLabels: Bool = true, badRows: BadRowPolicy = .skip, selection: ExampleSelection = .all
  ) throws -> (examples: TokenizedExamples, skipped: SkippedRows) {
    let table = try ExampleTable(path: path, needsLabel: true, badRows: badRows)
    var skipped = SkippedRows()
    let examples = try Dataset.load(
      table, labels: classes, needsLabels: needsLabels, tokenizer: tokenizer, maximumLength: 16, selection: selection,
      skip: badRows == .skip ? { skipped.add($0) } : nil)
    return (examples, skipped)
  }

  @Test(
    "Each kind of bad row is an error, or left out and counted",
    arguments: [
      (
        "a.tsv", "text\tlabel\nthe film\tgood\na\nb\nthe\tgood\tx\n\u{200B}\tgood\nfilm\t-\nfilm\tbad\n",
        [2, 1, 0, 1, 1], 6
      ),
      ("a.csv", "text,label\nthe film,good\na\n\"the\",good,x\n,good\nfilm,\nfilm,bad\n", [1, 1, 0, 1, 1], 5),
      (
        "a.jsonl",
        #"{"text":"the film","label":1}"# + "\n{\n[]\n" + #"{"text":null,"label":1}"# + "\n" + #"{"label":1}"# + "\n"
          + #"{"text":"film","label":null}"# + "\n" + #"{"text":"film"}"# + "\n" + #"{"text":"film","label":0}"# + "\n",
        [0, 0, 2, 2, 2], 7
      ),
    ])
  func kinds(name: String, text: String, counts: [Int], lastRow: Int) throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write(text, to: name)
      #expect(throws: DataError.self) { try load(path, badRows: .error) }
      let (examples, skipped) = try load(path)
      #expect(examples.rowIndices == [0, lastRow] && examples.targets == [.label(1), .label(0)])
      #expect(examples.fileRowCount == lastRow + 1)
      let found = SkippedRows.Kind.allCases.map { kind in skipped.byKind.first { $0.kind == kind }?.count ?? 0 }
      #expect(found == counts)
      #expect(skipped.total == counts.reduce(0, +))
    }
  }

  @Test("Where labels are not needed, an example without one is used, and one with a foreign label is an error")
  func unlabelled() throws {
    try withTemporaryDirectory { folder in
      let rows = ["1", "-1", "null", "\"\"", "\"-\"", "NaN"].map { #"{"text":"the film","label":\#($0)}"# }
      let path = try folder.write(rows.joined(separator: "\n") + "\n" + #"{"text":"the film"}"#, to: "a.jsonl")
      let (examples, skipped) = try load(path, needsLabels: false, badRows: .error)
      #expect(examples.targets == [.label(1)] + Array(repeating: Target.none, count: 6) && skipped.total == 0)
      #expect(throws: DataError.missingLabel(file: path.string, line: 2, column: "label", found: "-1")) {
        try load(path, badRows: .error)
      }
      let foreign = try folder.write("text,label\nthe film,other\n", to: "a.csv")
      #expect(
        throws: DataError.labelOutsideMap(file: foreign.string, line: 2, label: "\"other\"", names: ["bad", "good"])
      ) { try load(foreign, needsLabels: false) }
    }
  }

  @Test("A draw takes the next rows in place of bad ones, so that it is a draw among the good ones")
  func draws() throws {
    try withTemporaryDirectory { folder in
      let isBad = (0..<40).map { $0 % 3 == 1 }
      let rows = isBad.enumerated().map { $1 ? "the film \($0)" : "the film \($0),good" }
      let path = try folder.write("text,label\n" + rows.joined(separator: "\n"), to: "a.csv")
      for seed in UInt64(0)..<20 {
        let good = ExampleSelection.order(of: Array(0..<40), seed: seed).filter { !isBad[$0] }
        for count in [1, 7, 27] {
          let examples = try load(path, selection: .random(count: count, seed: seed)).examples
          #expect(examples.rowIndices == good.prefix(count).sorted())
          for index in 0..<examples.count {
            #expect(
              Array(examples[index].ids)
                == tokenizer.encode("the film \(examples.rowIndices[index])", maximumLength: 16).ids)
          }
        }
      }
    }
  }

  @Test("A file without any usable row is an error that says why")
  func noneLeft() throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write("text,label\nfilm,-1\nfilm,-1\n", to: "a.csv")
      let error = #expect(throws: DataError.self) { try load(path) }
      #expect(error?.problem == "no row can be used: 2 rows skipped (2 without a label)")
      let ragged = try folder.write("text,label\nfilm\nfilm\n", to: "b.csv")
      #expect(throws: DataError.fieldCount(file: ragged.string, line: 2, expected: 2, found: 1)) { try load(ragged) }
    }
  }

  @Test("Counts are written in one order, whatever the order of the rows")
  func counts() throws {
    var skipped = SkippedRows()
    for kind in SkippedRows.Kind.allCases.reversed() { skipped.add(kind) }
    skipped.add(.noLabel)
    #expect(
      skipped.text
        == "6 rows skipped (1 with too few fields, 1 with too many fields, 1 unreadable, 1 without text, "
        + "2 without a label)"
    )
  }

  @Test("Quotes that are not closed are no matter of a single row", arguments: ["a,\"b", "\"a\"b,c"])
  func quotes(row: String) throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write("text,label\nfilm,1\n\(row)\n", to: "a.csv")
      #expect(throws: DataError.self) { try load(path) }
    }
  }
}
