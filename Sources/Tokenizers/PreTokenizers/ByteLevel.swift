import Checkpoints

/// Splits as GPT-2 does and writes a visible scalar for each byte, so that a vocabulary of 256 scalars spells every
/// text (Radford et al. 2019).
struct ByteLevel: PreTokenizer {
  static let typeName = "ByteLevel"

  /// Put a space before each piece that begins with none.
  let addsPrefixSpace: Bool
  /// Split at words, numbers, symbols and white space.
  let splits: Bool

  init(addsPrefixSpace: Bool = false, splits: Bool = true) {
    self.addsPrefixSpace = addsPrefixSpace
    self.splits = splits
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    // trim_offsets is about places in the text, not about ids.
    try section.requireKeys(["type", "add_prefix_space", "trim_offsets", "use_regex"])
    _ = try section.optionalBool("trim_offsets")
    self.init(
      addsPrefixSpace: try section.bool("add_prefix_space"), splits: try section.optionalBool("use_regex") ?? true)
  }

  var meaning: JSON {
    [
      "add_prefix_space": .bool(addsPrefixSpace), "type": .string(Self.typeName), "use_regex": .bool(splits),
    ]
  }

  /// The scalar of each byte: printable Latin-1 stands for itself, the others for U+0100 and after in their order.
  static let alphabet: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) { return byte }
      defer { next += 1 }
      return next
    }
  }()

  func split(_ text: inout PreTokenizedText) {
    var changed = PreTokenizedText(scalars: [], pieces: [])
    changed.scalars.reserveCapacity(text.scalars.count + text.pieces.count)
    for piece in text.pieces {
      let needsSpace = addsPrefixSpace && text.scalars[piece.lowerBound] != 0x20
      let scalars = (needsSpace ? [0x20] : []) + text.scalars[piece]
      var start = 0
      while start < scalars.count {
        let end = splits ? Self.wordEnd(scalars, start) : scalars.count
        let from = changed.scalars.count
        for index in start..<end {
          UTF8Text.forEachByte(of: scalars[index]) { changed.scalars.append(Self.alphabet[Int($0)]) }
          let origin = piece.lowerBound + index - (needsSpace ? 1 : 0)
          if origin < text.startCount { changed.startCount = changed.scalars.count }
        }
        changed.pieces.append(from..<changed.scalars.count)
        start = end
      }
    }
    text = changed
  }

  /// Where the word that begins at `start` ends, by the expression
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`.
  private static func wordEnd(_ scalars: [UInt32], _ start: Int) -> Int {
    if let end = contractionEnd(scalars, start) { return end }
    let kinds: RegexTraits = [.letter, .number, .whiteSpace]
    func kind(_ index: Int) -> RegexTraits { RegexTraits.of(scalars[index]).intersection(kinds) }
    /// The end of the run of one kind that begins at `index`.
    func runEnd(_ index: Int) -> Int {
      let first = kind(index)
      var end = index + 1
      while end < scalars.count, kind(end) == first { end += 1 }
      return end
    }
    guard kind(start).contains(.whiteSpace) else { return runEnd(start) }
    if scalars[start] == 0x20, start + 1 < scalars.count, !kind(start + 1).contains(.whiteSpace) {
      return runEnd(start + 1)
    }
    // The last white space before a word stays with it, unless it is alone.
    let end = runEnd(start)
    return end == scalars.count || end == start + 1 ? end : end - 1
  }

  private static func contractionEnd(_ scalars: [UInt32], _ start: Int) -> Int? {
    guard scalars[start] == 0x27, start + 1 < scalars.count else { return nil }
    let next = start + 2 < scalars.count ? scalars[start + 2] : 0
    switch Unicode.Scalar(scalars[start + 1]) {
    case "s", "t", "m", "d": return start + 2
    case "r" where next == 0x65, "v" where next == 0x65: return start + 3
    case "l" where next == 0x6C: return start + 3
    default: return nil
    }
  }
}
