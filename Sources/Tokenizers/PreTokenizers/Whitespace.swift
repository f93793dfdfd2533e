import Checkpoints

/// Splits into runs of word characters and runs of others (`\\w+|[^\\w\\s]+`); white space is dropped.
struct Whitespace: PreTokenizer {
  static let typeName = "Whitespace"

  init() {}

  init(_ section: TokenizerSection) throws(TokenizerError) { try section.requireKeys(["type"]) }

  var meaning: JSON { ["type": .string(Self.typeName)] }

  func split(_ text: inout PreTokenizedText) {
    let scalars = text.scalars
    text.cutPieces { piece, cuts in
      var start = piece.lowerBound
      while start < piece.upperBound {
        let kind = RegexTraits.of(scalars[start]).intersection([.word, .whiteSpace])
        var end = start + 1
        while end < piece.upperBound, RegexTraits.of(scalars[end]).intersection([.word, .whiteSpace]) == kind {
          end += 1
        }
        if !kind.contains(.whiteSpace) { cuts.append(start..<end) }
        start = end
      }
    }
  }
}
