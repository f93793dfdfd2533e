/// A compiled map of SentencePiece: a double-array trie over the bytes of the texts that are replaced, whose values
/// are places in a list of replacements, each ended by a zero byte.
///
/// Layout: the size of the trie in bytes, the trie, the replacements; 32-bit words, little-endian (J. Aoe, "An
/// efficient digital search algorithm by using a double-array structure", 1989; the units are those of Darts-clone).
struct CharacterMap: Sendable {
  let bytes: [UInt8]
  private let units: [UInt32]
  private let texts: ArraySlice<UInt8>

  /// - Returns: nil where `bytes` are no such map.
  init?(_ bytes: [UInt8]) {
    func word(_ place: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) } }
    guard bytes.count >= 8 else { return nil }
    let size = Int(word(0))
    guard size >= 4, size % 4 == 0, size <= bytes.count - 4 else { return nil }
    self.bytes = bytes
    units = (1...(size / 4)).map { word(4 * $0) }
    texts = bytes[(4 + size)...]
    // Replacements are text.
    guard String(validating: texts, as: UTF8.self) != nil else { return nil }
  }

  /// What is written for `text`: the replacement of its shortest beginning that is in the map; nil where none is.
  func replacement(of text: ArraySlice<UInt32>) -> [UInt32]? {
    guard var unit = units.first else { return nil }
    var node = Self.offset(unit)
    for scalar in text {
      var found: Int?
      var isLost = false
      UTF8Text.forEachByte(of: scalar) { byte in
        guard !isLost, found == nil else { return }
        node ^= Int(byte)
        guard byte != 0, node < units.count else {
          isLost = true
          return
        }
        unit = units[node]
        // A value has the highest bit, so it is no byte's unit.
        guard unit & 0x8000_00FF == UInt32(byte) else {
          isLost = true
          return
        }
        node ^= Self.offset(unit)
        if unit >> 8 & 1 == 1 {
          if node < units.count { found = Int(units[node] & 0x7FFF_FFFF) } else { isLost = true }
        }
      }
      if let found { return replacement(at: found) }
      if isLost { return nil }
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & (1 << 9)) >> 6) }

  private func replacement(at place: Int) -> [UInt32]? {
    guard place <= texts.count else { return nil }
    let text = texts[(texts.startIndex + place)...].prefix { $0 != 0 }
    // A place within a scalar, which no compiler writes, gives U+FFFD.
    return scalars(of: String(decoding: text, as: UTF8.self))
  }
}
