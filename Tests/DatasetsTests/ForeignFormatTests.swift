import SystemPackage
import Testing

@testable import Datasets

@Suite("Data in formats that are not read")
struct ForeignFormatTests {
  private func error(_ bytes: [UInt8], _ name: String) throws -> DataError? {
    try withTemporaryDirectory { folder in
      let path = try folder.write(bytes, to: name)
      return DataFileTests.error { _ = try DataFile(path: path) }
    }
  }

  @Test(
    "A format is told by the first bytes, whatever the name",
    arguments: [
      ([0x1F, 0x8B, 8, 0], "train.csv", ForeignFormat.gzip), ([0x1F, 0x8B, 8, 0], "train.csv.gz", .gzip),
      ([0x28, 0xB5, 0x2F, 0xFD, 4], "train.jsonl.zst", .zstandard), (Array("BZh91AY".utf8), "train.csv", .bzip2),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0], "train.tsv", .xz), (Array("PAR1..PAR1".utf8), "a.parquet", .parquet),
      (Array("PAR1..PAR1".utf8), "a.csv", .parquet), (Array("ARROW1..".utf8), "a.arrow", .arrow),
      ([0xFF, 0xFF, 0xFF, 0xFF, 0x40, 0, 0, 0], "data-00000-of-00001.arrow", .arrow),
      ([0x50, 0x4B, 3, 4, 20], "a.xlsx", .excel), ([0x50, 0x4B, 3, 4, 20], "a.csv", .zip),
      ([0xD0, 0xCF, 0x11, 0xE0], "a.xls", .excel), ([0x80, 4, 0x95], "a.pkl", .pickle),
      ([0xFF, 0xFE, 0x74, 0], "a.csv", .utf16), ([0xFE, 0xFF, 0, 0x74], "a.csv", .utf16),
      (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8), "a.csv", .lfsPointer),
      (Array("<!DOCTYPE html>\n<html>".utf8), "a.csv", .html),
      (Array(" [\n{\"text\":\"a\"}]".utf8), "a.json", .jsonArray),
      (Array("[{\"text\":\"a\"}]".utf8), "a.jsonl", .jsonArray),
      (Array("{\"data\":\n[]}".utf8), "a.json", .jsonDocument),
      (Array("{\"text\":\"a\"}\n{\"text\":\"b\"}\n".utf8), "a.json", .jsonLines),
      ([], "a.parquet", .parquet), ([], "a.json", .jsonDocument),
    ])
  func formats(bytes: [UInt8], name: String, format: ForeignFormat) throws {
    let found = try error(bytes, name)
    guard case .foreignFormat(let file, format) = found else {
      Issue.record("\(found.debugDescription)")
      return
    }
    #expect(file.hasSuffix(name) && found?.exitCode == .badInput)
    #expect(found?.remedy.contains("rename") == (format == .jsonLines))
  }

  @Test("The remedy is a command that leaves the file itself alone")
  func remedies() {
    #expect(ForeignFormat.gzip.remedy("d/train.csv.gz") == "unpack it: gunzip -c d/train.csv.gz > d/train.csv")
    #expect(ForeignFormat.gzip.remedy("train.csv") == "unpack it: gunzip -c train.csv > unpacked-train.csv")
    #expect(ForeignFormat.utf16.remedy("it's.csv").hasSuffix("'it'\\''s.csv' > 'utf8-it'\\''s.csv'"))
    #expect(ForeignFormat.parquet.remedy("d/a b.parquet").hasSuffix(" 'd/a b.parquet' 'd/a b.jsonl'"))
    #expect(ForeignFormat.jsonArray.remedy("a.json").hasSuffix(" a.json a.jsonl"))
    for format in ForeignFormat.allCases where format != .pickle && format != .lfsPointer && format != .html {
      for name in ["d/a.jsonl", "d/a.csv", "a", "a.gz"] {
        let words = format.remedy(name).split(separator: " ")
        #expect(words.last.map { $0 != name } == true, "\(format)")
      }
    }
  }

  @Test(
    "Text is read whatever its first letters are", arguments: ["Bz,label\na,0\n", "PK,label\na,0\n", "text\n[a]\n"])
  func text(_ text: String) throws { #expect(try error(Array(text.utf8), "a.csv") == nil) }

  @Test(
    "Lines that end with a carriage return alone are named",
    arguments: [
      ("a.csv", "text,label\ra,0\rb,1\r"), ("a.csv", "text,label\ra,0\nb,1\n"),
      ("a.csv", "\"text\",\"label\"\r\"a\",0\r"),
      ("a.tsv", "text\tlabel\ra\t0\r"), ("a.jsonl", "{\"text\":\"a\"}\r{\"text\":\"b\"}\r"),
      ("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\r{\"text\":\"c\"}"),
    ])
  func carriageReturns(name: String, text: String) throws {
    let found = try error(Array(text.utf8), name)
    guard case .carriageReturns = found else {
      Issue.record("\(found.debugDescription)")
      return
    }
    #expect(found?.remedy.contains("tr '\\r' '\\n' < ") == true)
  }

  @Test("A carriage return within a text, or at the end of a line of JSON, is none of these")
  func otherReturns() throws {
    #expect(try error(Array("text,label\na\rb,0\n\"c\rd\",1\n".utf8), "a.csv") == nil)
    #expect(try error(Array("\"te\rxt\",label\na,0\n".utf8), "a.csv") == nil)
    let broken = try error(Array("{\"text\":\"a\"} x\r\n".utf8), "a.jsonl")
    guard case .invalidJSON(_, 1, _)? = broken else {
      Issue.record("\(broken.debugDescription)")
      return
    }
    try withTemporaryDirectory { folder in
      let path = try folder.write("a\rb\t1\nc\t0\n", to: "a.tsv")
      #expect(try ExampleTable(path: path, columns: [.position(1)], needsLabel: false).row(0).texts == ["a\rb"])
    }
  }

  @Test("What no column that is used holds may be anything")
  func unusedColumns() throws {
    try withTemporaryDirectory { folder in
      let path = try folder.write(
        #"{"text":"a","label":1,"x":NaN,"y":"\ud800","z":{"k":1,"k":-Infinity},"z":1e999}"# + "\n"
          + #"{"\udc00":0,"text":"b","label":NaN}"#, to: "a.jsonl")
      let table = try ExampleTable(path: path, needsLabel: true)
      #expect(try table.row(0).texts == ["a"] && table.row(0).label == .integer(1))
      #expect(try table.row(1).texts == ["b"] && table.row(1).label == .null)
      for row in [#"{"text":"\ud800"}"#, #"{"text":"a","text":"b"}"#, #"{"text":NaN}"#] {
        let path = try folder.write(#"{"text":"a"}"# + "\n" + row, to: "b.jsonl")
        let table = try ExampleTable(path: path, needsLabel: false)
        #expect(throws: DataError.self) { try table.row(1) }
      }
    }
  }
}
