/// Why bytes are not the JSON that this program accepts, and where.
package struct JSONError: Error, Equatable, Sendable {
  package enum Problem: Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8)
    case invalidUTF8
    case invalidEscape
    case controlCharacterInString
    case invalidNumber
    case duplicateKey(String)
    case nestedTooDeeply
    case trailingBytes
  }
  package let problem: Problem
  /// The offset of the byte at which parsing stopped.
  package let offset: Int
}

extension JSONError: CustomStringConvertible {
  package var description: String {
    let what =
      switch problem {
      case .unexpectedEnd: "the JSON ends too early"
      case .unexpectedByte(let byte): "unexpected byte 0x\(String(byte, radix: 16)) in JSON"
      case .invalidUTF8: "a string is not valid UTF-8"
      case .invalidEscape: "a string has an invalid escape"
      case .controlCharacterInString: "a string has an unescaped control character"
      case .invalidNumber: "a number is malformed"
      case .duplicateKey(let key): "the key \"\(key)\" occurs twice in one object"
      case .nestedTooDeeply: "the JSON is nested more than \(JSON.maximumDepth) levels deep"
      case .trailingBytes: "there are bytes after the JSON value"
      }
    return "\(what) (at byte \(offset))"
  }
}

extension JSON {
  /// The deepest nesting that is read. Files of models and data use fewer than ten levels.
  static let maximumDepth = 64

  /// Reads one JSON value (RFC 8259) that fills `bytes` but for white space around it.
  ///
  /// Stricter than the RFC where it leaves a choice: duplicate keys, lone surrogates and invalid UTF-8 are errors.
  package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
    var parser = JSONParser(bytes: bytes)
    parser.skipSpace()
    self = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.error(.trailingBytes) }
  }

  package init(parsing bytes: [UInt8]) throws(JSONError) {
    let result: Result<JSON, JSONError> = bytes.withUnsafeBytes { raw in
      do throws(JSONError) { return .success(try JSON(parsing: raw)) } catch { return .failure(error) }
    }
    self = try result.get()
  }
}

/// The keys of one object, to find a second of a kind. Few keys are compared one by one, many by a table.
private struct KeySet {
  /// A key by its bytes, where `String` would compare Unicode equivalence.
  private struct Key: Hashable {
    let text: String
    static func == (a: Key, b: Key) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }
  private var table: Set<Key> = []
  private static let few = 12

  /// Whether `key` is not yet among the keys of `members`, all of which were inserted before.
  mutating func insert(_ key: String, after members: [JSON.Member]) -> Bool {
    guard members.count >= Self.few else { return !members.contains { $0.key.utf8.elementsEqual(key.utf8) } }
    if table.isEmpty { for member in members { table.insert(Key(text: member.key)) } }
    return table.insert(Key(text: key)).inserted
  }
}

/// A recursive-descent parser over borrowed bytes.
struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  func error(_ problem: JSONError.Problem) -> JSONError { JSONError(problem: problem, offset: position) }

  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  func peek() throws(JSONError) -> UInt8 {
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[position]
  }

  mutating func expect(_ byte: UInt8) throws(JSONError) {
    let found = try peek()
    guard found == byte else { throw error(.unexpectedByte(found)) }
    position += 1
  }

  mutating func literal(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    for index in 0..<text.utf8CodeUnitCount { try expect(text.utf8Start[index]) }
    return value
  }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.maximumDepth else { throw error(.nestedTooDeeply) }
    let byte = try peek()
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error(.unexpectedByte(byte))
    }
  }

  mutating func object(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    var keys = KeySet()
    skipSpace()
    if try peek() == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      skipSpace()
      let start = position
      guard try peek() == UInt8(ascii: "\"") else { throw error(.unexpectedByte(bytes[position])) }
      let key = try string()
      guard keys.insert(key, after: members) else {
        throw JSONError(problem: .duplicateKey(key), offset: start)
      }
      skipSpace()
      try expect(UInt8(ascii: ":"))
      skipSpace()
      members.append(JSON.Member(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      if try peek() == UInt8(ascii: "}") { break }
      try expect(UInt8(ascii: ","))
    }
    position += 1
    return .object(members)
  }

  mutating func array(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var elements: [JSON] = []
    skipSpace()
    if try peek() == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if try peek() == UInt8(ascii: "]") { break }
      try expect(UInt8(ascii: ","))
    }
    position += 1
    return .array(elements)
  }

  mutating func string() throws(JSONError) -> String {
    position += 1
    // What precedes the plain stretch that is being read; most strings are one such stretch.
    var content: [UInt8] = []
    var start = position
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        let stretch = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        let text: String?
        if content.isEmpty {
          text = String(validating: stretch, as: UTF8.self)
        } else {
          content += stretch
          text = String(validating: content, as: UTF8.self)
        }
        guard let text else { throw error(.invalidUTF8) }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        content += UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        position += 1
        try escape(into: &content)
        start = position
      case 0..<0x20: throw error(.controlCharacterInString)
      default: position += 1
      }
    }
  }

  mutating func escape(into content: inout [UInt8]) throws(JSONError) {
    let byte = try peek()
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try fourHexDigits())
      if (0xD800..<0xDC00).contains(code) {
        try expect(UInt8(ascii: "\\"))
        try expect(UInt8(ascii: "u"))
        let low = UInt32(try fourHexDigits())
        guard (0xDC00..<0xE000).contains(low) else { throw error(.invalidEscape) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error(.invalidEscape) }
      content.append(contentsOf: UTF8.encode(scalar)!)
    default: throw error(.invalidEscape)
    }
  }

  mutating func fourHexDigits() throws(JSONError) -> UInt16 {
    var code: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(try peek())).hexDigitValue else { throw error(.invalidEscape) }
      code = code << 4 | UInt16(digit)
      position += 1
    }
    return code
  }

  mutating func digits() throws(JSONError) {
    guard position < bytes.count, isDigit(bytes[position]) else { throw error(.invalidNumber) }
    while position < bytes.count, isDigit(bytes[position]) { position += 1 }
  }

  mutating func number() throws(JSONError) -> JSON {
    let start = position
    let isInteger = try skipNumber()
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error(.invalidNumber) }
    return .number(value)
  }

  /// Passes over a number; whether it has neither a fraction nor an exponent.
  mutating func skipNumber() throws(JSONError) -> Bool {
    var isInteger = true
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let leading = position
    try digits()
    guard bytes[leading] != UInt8(ascii: "0") || position == leading + 1 else { throw error(.invalidNumber) }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) { position += 1 }
      try digits()
    }
    return isInteger
  }

  func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
