/// One object of a file of many, of which some members are read: what nobody asks for may be anything that other
/// programs write.
///
/// In the values of other members, however deep, `NaN` and infinities, numbers that are too large, lone surrogates and
/// keys that occur twice are no errors; Python's `json` writes and reads them all. Of the members that are asked for,
/// all is checked as in any JSON here, but that `NaN` counts as null: pandas has no other word for what is missing.
package struct JSONRow: Sendable, Equatable {
  /// The keys in their order; one that is no text, for a lone surrogate in it, is left out.
  package let keys: [String]
  /// The members that were asked for, in the order of the row.
  package let members: [JSON.Member]

  /// Reads one object that fills `bytes` but for white space around it; nil for a value that is no object.
  ///
  /// - Parameter columns: the keys of the members that are read.
  package init?(parsing bytes: UnsafeRawBufferPointer, reading columns: [String] = []) throws(JSONError) {
    var parser = JSONParser(bytes: bytes)
    parser.skipSpace()
    let isObject = try parser.peek() == UInt8(ascii: "{")
    var (keys, members): ([String], [JSON.Member]) = ([], [])
    if isObject {
      try parser.row(reading: columns, &keys, &members)
    } else {
      try parser.skipValue(depth: 0)
    }
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.error(.trailingBytes) }
    guard isObject else { return nil }
    (self.keys, self.members) = (keys, members)
  }

  package subscript(key: String) -> JSON? { members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value }
}

extension JSONParser {
  /// The object that begins here.
  fileprivate mutating func row(
    reading columns: [String], _ keys: inout [String], _ members: inout [JSON.Member]
  ) throws(JSONError) {
    position += 1
    skipSpace()
    var isLast = try peek() == UInt8(ascii: "}")
    if isLast { position += 1 }
    while !isLast {
      skipSpace()
      let start = position
      let key = try self.key()
      if let key { keys.append(key) }
      skipSpace()
      try expect(UInt8(ascii: ":"))
      skipSpace()
      if let key, columns.contains(where: { $0.utf8.elementsEqual(key.utf8) }) {
        guard !members.contains(where: { $0.key.utf8.elementsEqual(key.utf8) }) else {
          throw JSONError(problem: .duplicateKey(key), offset: start)
        }
        let isNaN = try peek() == UInt8(ascii: "N")
        members.append(JSON.Member(key: key, value: isNaN ? try literal("NaN", .null) : try value(depth: 1)))
      } else {
        try skipValue(depth: 1)
      }
      isLast = try self.isLast(before: UInt8(ascii: "}"))
    }
  }

  /// Whether the bracket that ends an object or an array comes next; a comma if not.
  private mutating func isLast(before end: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    let isLast = try peek() == end
    if isLast { position += 1 } else { try expect(UInt8(ascii: ",")) }
    return isLast
  }

  /// The key that begins here; nil where it has a lone surrogate.
  private mutating func key() throws(JSONError) -> String? {
    let start = position
    do throws(JSONError) {
      guard try peek() == UInt8(ascii: "\"") else { throw error(.unexpectedByte(bytes[position])) }
      return try string()
    } catch {
      position = start
      try skipString()
      return nil
    }
  }

  /// Passes over a value that nobody reads.
  mutating func skipValue(depth: Int) throws(JSONError) {
    guard depth < JSON.maximumDepth else { throw error(.nestedTooDeeply) }
    switch try peek() {
    case UInt8(ascii: "{"): try skipElements(end: UInt8(ascii: "}"), depth: depth, haveKeys: true)
    case UInt8(ascii: "["): try skipElements(end: UInt8(ascii: "]"), depth: depth, haveKeys: false)
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "N"): _ = try literal("NaN", .null)
    case UInt8(ascii: "I"): _ = try literal("Infinity", .null)
    case UInt8(ascii: "-") where position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "I"):
      _ = try literal("-Infinity", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try skipNumber()
    default: _ = try value(depth: depth)
    }
  }

  private mutating func skipElements(end: UInt8, depth: Int, haveKeys: Bool) throws(JSONError) {
    position += 1
    skipSpace()
    var isLast = try peek() == end
    if isLast { position += 1 }
    while !isLast {
      skipSpace()
      if haveKeys {
        try skipString()
        skipSpace()
        try expect(UInt8(ascii: ":"))
        skipSpace()
      }
      try skipValue(depth: depth + 1)
      isLast = try self.isLast(before: end)
    }
  }

  private mutating func skipString() throws(JSONError) {
    try expect(UInt8(ascii: "\""))
    while true {
      switch try peek() {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        position += 1
        let escape = try peek()
        position += 1
        switch escape {
        case UInt8(ascii: "u"): _ = try fourHexDigits()
        case _ where "\"\\/bfnrt".utf8.contains(escape): break
        default: throw error(.invalidEscape)
        }
      case 0..<0x20: throw error(.controlCharacterInString)
      default: position += 1
      }
    }
  }
}
