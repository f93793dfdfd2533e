import Checkpoints

/// Splits at white space, which is dropped.
struct WhitespaceSplit: PreTokenizer {
  static let typeName = "WhitespaceSplit"

  init() {}

  init(_ section: TokenizerSection) throws(TokenizerError) { try section.requireKeys(["type"]) }

  var meaning: JSON { ["type": .string(Self.typeName)] }

  func split(_ text: inout PreTokenizedText) {
    let scalars = text.scalars
    text.cutPieces { piece, cuts in
      var start = piece.lowerBound
      for index in piece where ScalarTraits.of(scalars[index]).contains(.whiteSpace) {
        if start < index { cuts.append(start..<index) }
        start = index + 1
      }
      if start < piece.upperBound { cuts.append(start..<piece.upperBound) }
    }
  }
}
