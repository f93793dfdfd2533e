import Checkpoints
import Testing

@testable import Datasets

@Suite("Comma- and tab-separated rows")
struct DelimitedRowsTests {
  /// All rows of `text` with the line on which each begins.
  static func rows(_ text: String, format: DataFile.Format = .csv) throws -> [(fields: [String], line: Int)] {
    let delimited = DataFile.delimited(MappedFile(path: "data", contents: Array(text.utf8)), format)
    var position = 0
    var line = 1
    var rows: [(fields: [String], line: Int)] = []
    while position < delimited.bytes.count {
      let startLine = line
      let fields = try delimited.next(position: &position, line: &line)
      rows.append((fields.map { delimited.text(of: $0) ?? "invalid" }, startLine))
    }
    return rows
  }

  @Test(
    "Fields are read as RFC 4180 says",
    arguments: [
      ("a,b\n", [["a", "b"]]), ("a,b", [["a", "b"]]), ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
      ("a,\n", [["a", ""]]), ("a,", [["a", ""]]), (",,", [["", "", ""]]), ("\"\",\"\"", [["", ""]]),
      ("\"a,b\",c", [["a,b", "c"]]), ("\"say \"\"hi\"\"\",2", [["say \"hi\"", "2"]]), ("\"\"\"\"", [["\""]]),
      ("\"two\nlines\",x\ny,z", [["two\nlines", "x"], ["y", "z"]]), ("\"a\r\nb\",c\r\n", [["a\r\nb", "c"]]),
      (" a , b ", [[" a ", " b "]]), ("he said \"hi\",2", [["he said \"hi\"", "2"]]),
      ("a\u{2028}b\u{85}c,d", [["a\u{2028}b\u{85}c", "d"]]), ("a,\u{301}b", [["a", "\u{301}b"]]),
    ])
  func csv(text: String, expected: [[String]]) throws {
    #expect(try Self.rows(text).map(\.fields) == expected)
  }

  @Test("Tab-separated fields know no quotes")
  func tsv() throws {
    let rows = try Self.rows("\"a\tb\"\"\t\r\n\t\"\n", format: .tsv)
    #expect(rows.map(\.fields) == [["\"a", "b\"\"", ""], ["", "\""]])
  }

  @Test("Lines are counted through quoted line breaks")
  func lines() throws {
    #expect(try Self.rows("a\n\"b\n\n\",c\nd\n\ne").map(\.line) == [1, 2, 5, 6, 7])
  }

  @Test("Broken quotes are found with their line")
  func problems() {
    #expect(throws: DelimitedRows.Problem.unterminatedQuote(line: 2)) { try Self.rows("a\nb,\"c\nd") }
    #expect(throws: DelimitedRows.Problem.textAfterQuote(line: 3)) { try Self.rows("a\n\"b\nc\"d,e\n") }
    #expect(throws: DelimitedRows.Problem.textAfterQuote(line: 1)) { try Self.rows("\"a\" b\n") }
    #expect(throws: DelimitedRows.Problem.carriageReturn) { try Self.rows("\"a\"\rb\n") }
  }

  @Test("Whatever is written with quotes is read back")
  func roundTrip() throws {
    var generator = SplitMix64(seed: 11)
    let parts = ["a", "\"", ",", "\n", "\r\n", "\r", " ", "é", "日", "\t", "\u{301}"]
    for _ in 0..<300 {
      let rows = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        (0..<3).map { _ in
          (0..<Int.random(in: 0...5, using: &generator)).map { _ in parts.randomElement(using: &generator)! }.joined()
        }
      }
      let text = rows.map { row in
        row.map { field in
          let needsQuotes = field.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
          return needsQuotes || Bool.random(using: &generator)
            ? "\"" + field.utf8.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }.asText + "\"" : field
        }.joined(separator: ",")
      }.joined(separator: "\r\n")
      let read = try Self.rows(text).map(\.fields)
      #expect(read.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } }, "\(text)")
    }
  }
}

extension [UInt8] {
  fileprivate var asText: String { String(decoding: self, as: UTF8.self) }
}
