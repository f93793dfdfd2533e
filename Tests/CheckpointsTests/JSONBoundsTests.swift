import SystemPackage
import Testing

@testable import Checkpoints

@Suite("JSON: keys and sizes")
struct JSONBoundsTests {
  @Test("A second key is found among few and among many, by its bytes", arguments: [1, 11, 12, 13, 14, 40])
  func duplicates(count: Int) throws {
    func text(_ keys: [String]) -> [UInt8] { Array("{\(keys.map { "\"\($0)\":0" }.joined(separator: ","))}".utf8) }
    let keys = (0..<count).map { "k\($0)" }
    #expect(try JSON(parsing: text(keys)).members?.count == count)
    #expect(try JSON(parsing: text(keys + ["caf\u{E9}", "cafe\u{301}"])).members?.count == count + 2)
    for place in [0, count / 2, count - 1] {
      let error = #expect(throws: JSONError.self) { try JSON(parsing: text(keys + [keys[place]])) }
      #expect(error?.problem == .duplicateKey("k\(place)"))
    }
    // The same key written in two ways.
    #expect(throws: JSONError.self) { try JSON(parsing: text(keys + ["\\u006b0"])) }
  }

  @Test(
    "Stretches before, between and after escapes make one string",
    arguments: ["", "a", "\\n", "a\\n", "\\na", "a\\nb\\u00e9c"])
  func escapes(text: String) throws {
    let expected = text.replacing("\\n", with: "\n").replacing("\\u00e9", with: "\u{E9}")
    #expect(try JSON(parsing: Array("[\"\(text)\"]".utf8)) == .array([.string(expected)]))
    #expect(throws: JSONError.self) { try JSON(parsing: Array("[\"\(text)".utf8) + [0xFF, 0x22, 0x5D]) }
    #expect(throws: JSONError.self) { try JSON(parsing: Array("[\"\(text)".utf8)) }
  }

  @Test("A file beyond the limit is refused unread")
  func size() throws {
    let scratch = try Scratch()
    let path = try scratch.write("config.json", "{")
    let file = try FileDescriptor.open(path, .writeOnly)
    try file.closeAfter { _ = try file.writeAll(toAbsoluteOffset: Int64(JSON.maximumFileBytes), [0x20]) }
    #expect(
      throws: JSONFileError.tooLarge(path, bytes: JSON.maximumFileBytes + 1, limit: JSON.maximumFileBytes)
    ) { try JSON(contentsOf: path) }
  }
}
