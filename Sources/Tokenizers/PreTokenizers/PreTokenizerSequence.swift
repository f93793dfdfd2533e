import Checkpoints

/// Pre-tokenisers one after the other; none at all where the file has null.
struct PreTokenizerSequence: PreTokenizer {
  static let typeName = "Sequence"

  let preTokenizers: [any PreTokenizer]

  /// - Parameter preTokenizers: a sequence among them is taken apart.
  init(_ preTokenizers: [any PreTokenizer]) {
    self.preTokenizers = preTokenizers.flatMap { ($0 as? PreTokenizerSequence)?.preTokenizers ?? [$0] }
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "pretokenizers"])
    var parts: [any PreTokenizer] = []
    for (index, json) in try section.array("pretokenizers").enumerated() {
      parts.append(try section.section("pretokenizers", index, json).preTokenizer())
    }
    self.init(parts)
  }

  var meaning: JSON {
    if preTokenizers.count == 1 { return preTokenizers[0].meaning }
    return ["pretokenizers": .array(preTokenizers.map(\.meaning)), "type": .string(Self.typeName)]
  }

  var asksForStart: Bool { preTokenizers.contains { $0.asksForStart } }

  func split(_ text: inout PreTokenizedText) {
    for preTokenizer in preTokenizers { preTokenizer.split(&text) }
  }
}
