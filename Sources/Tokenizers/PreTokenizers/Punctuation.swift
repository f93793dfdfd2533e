import Checkpoints

/// Splits at every punctuation character.
struct Punctuation: PreTokenizer {
  static let typeName = "Punctuation"

  let behavior: SplitBehavior

  init(_ behavior: SplitBehavior = .isolated) { self.behavior = behavior }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "behavior"])
    guard section.json["behavior"] != nil else {
      self.init()
      return
    }
    let name = try section.string("behavior", oneOf: SplitBehavior.allCases.map(\.rawValue))
    self.init(SplitBehavior(rawValue: name) ?? .isolated)
  }

  var meaning: JSON { ["behavior": .string(behavior.rawValue), "type": .string(Self.typeName)] }

  func split(_ text: inout PreTokenizedText) {
    let scalars = text.scalars
    text.cutPieces { piece, cuts in
      behavior.cut(piece, into: &cuts) { ScalarTraits.of(scalars[$0]).contains(.punctuation) }
    }
  }
}
