import Checkpoints

/// Several post-processors, of which one at most may put special tokens.
enum PostProcessorSequence: PostProcessor {
  static let typeName = "Sequence"

  static func template(_ section: TokenizerSection) throws(TokenizerError) -> SpecialTokenTemplate {
    try section.requireKeys(["type", "processors"])
    var template = SpecialTokenTemplate.bare
    for (index, json) in try section.array("processors").enumerated() {
      let next = try section.section("processors", index, json).template()
      guard next != .bare else { continue }
      guard template == .bare else {
        throw section.unsupported("processors", "a list of several templates", "one template")
      }
      template = next
    }
    return template
  }
}
