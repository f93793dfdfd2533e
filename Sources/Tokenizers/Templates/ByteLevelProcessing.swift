import Checkpoints

/// Moves places in the text, and puts no special tokens.
enum ByteLevelProcessing: PostProcessor {
  static let typeName = "ByteLevel"

  static func template(_ section: TokenizerSection) throws(TokenizerError) -> SpecialTokenTemplate {
    try section.requireKeys(["type", "add_prefix_space", "trim_offsets", "use_regex"])
    return .bare
  }
}
