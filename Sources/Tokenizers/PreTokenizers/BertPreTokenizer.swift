import Checkpoints

/// Splits at white space, which is dropped, and around every punctuation character, which is a word.
struct BertPreTokenizer: PreTokenizer {
  static let typeName = "BertPreTokenizer"

  init() {}

  init(_ section: TokenizerSection) throws(TokenizerError) { try section.requireKeys(["type"]) }

  var meaning: JSON { ["type": .string(Self.typeName)] }

  func split(_ text: inout PreTokenizedText) {
    var words: [Range<Int>] = []
    for piece in text.pieces {
      words.reserveCapacity(words.count + piece.count / 4)
      var start = piece.lowerBound
      for index in piece {
        let traits = ScalarTraits.of(text.scalars[index])
        guard !traits.isDisjoint(with: [.whiteSpace, .punctuation]) else { continue }
        if start < index { words.append(start..<index) }
        if !traits.contains(.whiteSpace) { words.append(index..<index + 1) }
        start = index + 1
      }
      if start < piece.upperBound { words.append(start..<piece.upperBound) }
    }
    text.pieces = words
  }
}
