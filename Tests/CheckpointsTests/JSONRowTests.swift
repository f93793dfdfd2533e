import Testing

@testable import Checkpoints

@Suite("JSON: rows of which some members are read")
struct JSONRowTests {
  private func row(_ text: String, _ columns: [String] = ["a"]) throws -> JSONRow? {
    try Array(text.utf8).withUnsafeBytes { bytes in try JSONRow(parsing: bytes, reading: columns) }
  }

  @Test(
    "What nobody reads may be what Python writes",
    arguments: [
      "NaN", "Infinity", "-Infinity", "1e999", "-1E+400", "\"\\ud800\"", "\"\\udc00\\ud800x\"", "{\"k\":1,\"k\":2}",
      "[NaN,{\"\\ud800\":[-Infinity]}]", "{}", "[]", "[[],{}]", "\"a\\\"}\"", "\"\\\\\"", "true", "null", "123",
    ])
  func foreign(value: String) throws {
    for text in ["{\"b\":\(value),\"a\":7}", " { \"a\" : 7 , \"b\" : \(value) } \r"] {
      let row = try #require(try row(text))
      #expect(Set(row.keys) == ["a", "b"] && row["a"] == 7 && row.members.count == 1)
    }
    #expect(throws: JSONError.self) { try row("{\"b\":\(value)") }
    #expect(throws: JSONError.self) { try row("{\"b\":\(value)}}") }
    #expect(throws: JSONError.self) { try row("{\"b\":\(value) 1}") }
  }

  @Test(
    "What is no JSON to anybody is an error wherever it stands",
    arguments: [
      "", "nan", "Nan", "inf", "Infinit", "01", "+1", ".5", "1.", "-", "\"a", "\"\t\"", "\"\\q\"", "\"\\u12\"", "[1,]",
      "{\"k\"}", "{\"k\":}",
      "{k:1}",
      "[1 2]", "tru", "'a'",
    ])
  func broken(value: String) {
    #expect(throws: JSONError.self) { try row("{\"b\":\(value)}") }
    #expect(throws: JSONError.self) { try row("{\"a\":\(value)}") }
  }

  @Test("What is read is checked as any JSON, but that NaN is null")
  func strict() throws {
    #expect(try row("{\"a\":NaN}")?["a"] == .null)
    for value in ["Infinity", "-Infinity", "1e999", "\"\\ud800\"", "{\"k\":1,\"k\":2}", "[NaN]"] {
      #expect(throws: JSONError.self) { try row("{\"a\":\(value)}") }
    }
    let twice = #expect(throws: JSONError.self) { try row("{\"a\":1,\"\\u0061\":2}") }
    #expect(twice?.problem == .duplicateKey("a"))
    #expect(try row("{\"b\":1,\"b\":2,\"a\":3}")?.keys == ["b", "b", "a"])
  }

  @Test("A value that is no object is none, and keys that are no text are left out")
  func others() throws {
    for text in ["[1]", "1", "NaN", "\"x\""] { #expect(try row(text) == nil) }
    #expect(try row("{\"\\ud800\":1,\"a\":2}")?.keys == ["a"])
    #expect(try row("{}")?.keys == [])
    for key in ["\\q", "\\u00"] { #expect(throws: JSONError.self) { try row("{\"\(key)\":1}") } }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try row("{\"b\":\(deep)") }
  }
}
