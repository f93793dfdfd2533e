/// What a tokenizer's files say of texts that are too long: `truncation_side` and `model_max_length` of
/// `tokenizer_config.json`.
struct Truncation: Sendable, Equatable {
  /// The greatest length, special tokens included; nil where the files name none.
  let maximumLength: Int?
  let side: TruncationSide

  /// Reads what both files say. `truncation` of `tokenizer.json` is what the last call before saving had asked for: its
  /// length and strategy bind nobody, and its direction is the side where the configuration names none.
  init(tokenizerJSON file: TokenizerSection?, configuration: TokenizerSection?) throws(TokenizerError) {
    var side = TruncationSide.right
    if let file, file.optional("truncation") != nil {
      let section = try file.section("truncation")
      if section.optional("direction") != nil, try section.string("direction", oneOf: ["Left", "Right"]) == "Left" {
        side = .left
      }
    }
    if let configuration, configuration.optional("truncation_side") != nil {
      side = try configuration.string("truncation_side", oneOf: ["left", "right"]) == "left" ? .left : .right
    }
    maximumLength = try configuration?.maximumLength()
    self.side = side
  }

  /// How many tokens of each text are kept when both together may have `maximum`: the strategy `longest_first` of
  /// `tokenizers`. The longer text is cut until both are equally long, then both; an odd token goes to the longer text,
  /// to the second one where they are equally long.
  static func longestFirst(_ first: Int, _ second: Int, maximum: Int) -> (first: Int, second: Int) {
    guard first + second > maximum else { return (first, second) }
    let shorter = min(first, second)
    let half = maximum / 2
    let kept = shorter <= half ? (shorter, maximum - shorter) : (half, maximum - half)
    return first > second ? (kept.1, kept.0) : kept
  }
}

extension TokenizerSection {
  /// `model_max_length` in tokens. transformers writes about 1e30 for "no limit".
  fileprivate func maximumLength() throws(TokenizerError) -> Int? {
    // As it was called before version 3 of transformers.
    guard let value = optional("model_max_length") ?? optional("max_len") else { return nil }
    guard let length = value.double, length >= 1 else { throw wrongType("model_max_length", "a number of tokens") }
    return length < 1e9 ? Int(length) : nil
  }
}
