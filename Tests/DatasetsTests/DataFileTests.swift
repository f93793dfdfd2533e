@testable import Checkpoints
import SystemPackage
import Testing

@testable import Datasets

@Suite("Data files")
struct DataFileTests {
  static func table(
    _ text: String, _ format: DataFile.Format, columns: [Column]? = nil, labelColumn: Column? = nil,
    needsLabel: Bool = true, hasHeader: Bool = true
  ) throws -> ExampleTable {
    let file = try DataFile(
      MappedFile(path: "data", contents: Array(text.utf8)), format: format, hasHeader: hasHeader)
    return try ExampleTable(file: file, columns: columns, labelColumn: labelColumn, needsLabel: needsLabel)
  }

  static func error(_ body: () throws -> Void) -> DataError? {
    do { try body() } catch { return error as? DataError }
    return nil
  }

  @Test(
    "A byte order mark, blank lines and CR LF are no part of the data",
    arguments: [
      (
        DataFile.Format.jsonLines, "\u{FEFF}{\"text\":\"a\",\"label\":\"x\"}\r\n\r\n \n{\"label\":\"y\",\"text\":\"b\"}"
      ),
      (.csv, "\u{FEFF}text,label\r\na,x\r\n\r\nb,\"y\"\r\n"),
      (.csv, "\u{FEFF}\"text\",label\n\n\na,x\nb,y"),
      (.tsv, "\u{FEFF}label\ttext\r\nx\ta\r\n\ny\tb\r\n"),
    ])
  func rows(format: DataFile.Format, text: String) throws {
    let table = try Self.table(text, format)
    #expect(table.file.rowCount == 2)
    #expect(Set(table.file.columns) == ["text", "label"])
    #expect(try table.row(0).texts == ["a"] && table.row(0).label == .string("x"))
    #expect(try table.row(1).texts == ["b"] && table.row(1).label == .string("y"))
  }

  @Test(
    "The text columns of GLUE and of the hub are known",
    arguments: [
      (["sentence", "label", "idx"], ["sentence"]), (["premise", "hypothesis", "label"], ["premise", "hypothesis"]),
      (["question", "sentence", "label"], ["question", "sentence"]),
      (["id", "question1", "question2", "is_duplicate"], ["question1", "question2"]),
      (["sentence1", "sentence2", "score"], ["sentence1", "sentence2"]),
      (["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], ["#1 String", "#2 String"]),
      (
        ["index", "sentence1_binary_parse", "sentence1", "sentence2", "label1", "gold_label"],
        ["sentence1", "sentence2"]
      ),
      (["text", "label"], ["text"]), (["text_pair", "label", "text"], ["text", "text_pair"]),
    ])
  func knownColumns(columns: [String], texts: [String]) throws {
    let row = columns.map { "value of \($0)" }
    let tsv = columns.joined(separator: "\t") + "\n" + row.joined(separator: "\t")
    let table = try Self.table(tsv, .tsv)
    #expect(table.textColumns == texts)
    #expect(try table.row(0).texts == texts.map { "value of \($0)" })
    let label = columns.first { ["label", "gold_label", "score", "is_duplicate", "Quality"].contains($0) }
    #expect(table.labelColumn == label)
    #expect(try table.row(0).label == .string("value of \(label ?? "")"))
  }

  @Test("Text columns that are unknown or ambiguous are an error that names the columns")
  func unknownColumns() {
    let none = Self.error { _ = try Self.table("title,label\na,0", .csv) }
    #expect(none == .noTextColumns(file: "data", found: ["title", "label"]))
    #expect("\(none.debugDescription)".contains("--columns"))
    let both = Self.error { _ = try Self.table("{\"sentence\":\"a\",\"text\":\"b\",\"label\":0}", .jsonLines) }
    #expect(
      both
        == .ambiguousColumns(
          file: "data", candidates: [["sentence"], ["text"]], found: ["sentence", "text", "label"]))
    #expect(both?.problem.contains("\"sentence\" or \"text\"") == true)
  }

  @Test("Columns can be named, in any order")
  func namedColumns() throws {
    let csv = "title,body,class\na,b,c\n"
    let table = try Self.table(csv, .csv, columns: [.name("body"), .name("title")], labelColumn: .name("class"))
    #expect(try table.row(0).texts == ["b", "a"] && table.row(0).label == .string("c"))
    let missing = Self.error { _ = try Self.table(csv, .csv, columns: [.name("titel")]) }
    #expect(missing == .missingColumn(file: "data", column: "titel", found: ["title", "body", "class"]))
    #expect(missing?.remedy == "did you mean \"title\"?")
    let label = Self.error { _ = try Self.table(csv, .csv, columns: [.name("title")]) }
    #expect(label == .missingColumn(file: "data", column: "label", found: ["title", "body", "class"]))
    #expect(try Self.table(csv, .csv, columns: [.name("title")], needsLabel: false).row(0).label == nil)
    for count in [0, 3] {
      let columns = Array(repeating: Column.name("title"), count: count)
      #expect(
        Self.error { _ = try Self.table(csv, .csv, columns: columns) } == .columnCount(file: "data", count: count))
    }
    let twice = Self.error { _ = try Self.table("text,label,text\na,b,c", .csv) }
    #expect(twice == .repeatedColumn(file: "data", column: "text"))
  }

  @Test("A file without a header line, as CoLA's, has columns by position")
  func positions() throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write("gj04\t1\t\tThe book fell.\ngj04\t0\t*\tBook the \"fell.\n", to: "train.tsv")
      let table = try ExampleTable(path: path, columns: [Column("#4")], labelColumn: Column("#2"), needsLabel: true)
      #expect(table.file.rowCount == 2)
      #expect(try table.row(0).texts == ["The book fell."] && table.row(0).label == .string("1"))
      #expect(try table.row(1).texts == ["Book the \"fell."] && table.row(1).label == .string("0"))
      func failure(_ columns: [Column], _ label: Column, _ path: FilePath = path) -> DataError? {
        Self.error { _ = try ExampleTable(path: path, columns: columns, labelColumn: label, needsLabel: true) }
      }
      #expect(
        failure([.position(5)], .position(2)) == .positionOutOfRange(file: path.string, position: 5, fieldCount: 4))
      #expect(failure([.position(4)], .name("label")) == .namesAndPositions(file: path.string))
      let json = try folder.write("{\"text\":\"a\",\"label\":0}", to: "a.jsonl")
      #expect(failure([.position(1)], .position(2), json) == .positionsWithoutFields(file: json.string))
    }
    #expect(Column("#1 String") == .name("#1 String") && Column("#0") == .name("#0") && Column("4") == .name("4"))
  }

  @Test("Broken rows are named by file and line")
  func brokenRows() {
    func open(_ text: String, _ format: DataFile.Format) -> DataError? {
      Self.error { _ = try Self.table(text, format) }
    }
    #expect(open("", .jsonLines) == .noExamples(file: "data"))
    #expect(open("\n\n", .jsonLines) == .noExamples(file: "data"))
    #expect(open("", .csv) == .noExamples(file: "data"))
    #expect(open("text,label\n", .csv) == .noExamples(file: "data"))
    let json = "{\"text\":\"a\",\"label\":0}\n"
    #expect(
      open(json + "\n{\"text\":\"b\"", .jsonLines)
        == .invalidJSON(file: "data", line: 3, JSONError(problem: .unexpectedEnd, offset: 11)))
    #expect(open(json + "[1]\n", .jsonLines) == .notAnObject(file: "data", line: 2))
    #expect(
      open("text,label\na,0\n\"b\n\",1\nc\n", .csv) == .fieldCount(file: "data", line: 5, expected: 2, found: 1))
    #expect(open("text\tlabel\na\t0\t1\n", .tsv) == .fieldCount(file: "data", line: 2, expected: 2, found: 3))
    #expect(open("text,label\na,\"0\n", .csv) == .unterminatedQuote(file: "data", line: 2))
    #expect(open("text,label\na,0\n\"a\"b,0\n", .csv) == .textAfterQuote(file: "data", line: 3))
    #expect(open("text,label\na,0\n\"a\"b,0\n", .csv)?.description.hasPrefix("data:3: ") == true)
  }

  @Test(
    "Bytes that are no UTF-8 are named by line",
    arguments: [
      (DataFile.Format.jsonLines, "{\"text\":\"a\",\"label\":0}\n{\"text\":\"?\",\"label\":0}\n", 2),
      (.csv, "text,label\na,0\n\"b\n?\",1\n", 3), (.tsv, "text\tlabel\na\t?\n", 2), (.csv, "te?t,label\n", 1),
    ])
  func invalidUTF8(format: DataFile.Format, text: String, line: Int) {
    let bytes = text.utf8.map { $0 == UInt8(ascii: "?") ? 0xE9 : $0 }
    #expect(throws: DataError.invalidUTF8(file: "data", line: line)) {
      try DataFile(MappedFile(path: "data", contents: bytes), format: format)
    }
  }

  @Test("A row that lacks a column or has another kind of value is named by line")
  func values() throws {
    let table = try Self.table(
      """
      {"text":"a","label":0}
      {"label":0}
      {"text":null,"label":0}
      {"text":"a"}
      """, .jsonLines)
    #expect(Self.error { _ = try table.row(1) } == .missingText(file: "data", line: 2, column: "text", found: nil))
    #expect(
      Self.error { _ = try table.row(2) }
        == .missingText(file: "data", line: 3, column: "text", found: "null"))
    #expect(try table.row(3).label == .null)
  }

  @Test(
    "A row ends within 16 MiB, or is named by the line where it begins",
    arguments: [DataFile.Format.jsonLines, .csv, .tsv])
  func longRow(format: DataFile.Format) throws {
    let limit = DataFile.maximumRowBytes
    func read(_ text: [UInt8]) throws -> Int {
      try DataFile(MappedFile(path: "data", contents: text), format: format).rowCount
    }
    let (head, row): (String, (Int) -> [UInt8]) =
      format == .jsonLines
      ? (
        "{\"text\":\"a\"}\n",
        { Array("{\"text\":\"".utf8) + Array(repeating: 0x61, count: $0 - 11) + Array("\"}".utf8) }
      )
      : ("text\n", { Array(repeating: 0x61, count: $0) })
    let rows = format == .jsonLines ? 3 : 2
    #expect(try read(Array(head.utf8) + row(limit - 1) + Array("\n".utf8) + row(limit)) == rows)
    for text in [row(limit) + Array("\n".utf8) + row(20), row(limit + 1)] {
      #expect(throws: DataError.rowTooLong(file: "data", line: 2, limit: limit)) { try read(Array(head.utf8) + text) }
    }
  }

  @Test("A quote that is not closed is named by the line where its row begins, however much follows")
  func longQuote() {
    let text = Array("text\na\n\"".utf8) + Array(repeating: 0x0A, count: DataFile.maximumRowBytes)
    #expect(throws: DataError.rowTooLong(file: "data", line: 3, limit: DataFile.maximumRowBytes)) {
      try DataFile(MappedFile(path: "data", contents: text), format: .csv)
    }
  }

  @Test("A missing file, a directory and an unknown format are told apart")
  func paths() throws {
    try withTemporaryDirectory { folder in
      func open(_ path: FilePath) -> DataError? { Self.error { _ = try DataFile(path: path) } }
      let missing = folder.appending("none.csv")
      #expect(
        open(missing) == .unreadable(file: missing.string, reason: "there is no such file", isMissing: true))
      let text = try folder.write("a", to: "data.txt")
      #expect(open(text) == .unknownFormat(file: text.string))
      #expect(open(text)?.exitCode == .usage && open(missing)?.exitCode == .missingInput)
      #expect(try DataFile(path: folder.write("text\na", to: "UPPER.CSV")).rowCount == 1)
    }
  }
}
