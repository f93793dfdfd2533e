/// What a tokenizer's files say of texts that are too long: `truncation` of `tokenizer.json`, and `model_max_length`
/// and `truncation_side` of `tokenizer_config.json`.
struct Truncation: Sendable, Equatable {
  /// The greatest length, special tokens included; nil where the files name none.
  let maximumLength: Int?
  let side: TruncationSide

  /// Reads what both files say. The smaller length counts, and the configuration's side.
  ///
  /// `truncation.stride` is of no use here: parts that are cut off are not used.
  init(tokenizerJSON file: TokenizerSection?, configuration: TokenizerSection?) throws(TokenizerError) {
    var lengths: [Int] = []
    var side = TruncationSide.right
    if let file, file.optional("truncation") != nil {
      let section = try file.section("truncation")
      try section.requireKeys(["direction", "max_length", "strategy", "stride"])
      try section.string("strategy", oneOf: ["LongestFirst"])
      if section.optional("direction") != nil, try section.string("direction", oneOf: ["Left", "Right"]) == "Left" {
        side = .left
      }
      lengths.append(try section.natural("max_length"))
    }
    if let configuration {
      if let length = try configuration.maximumLength() { lengths.append(length) }
      if configuration.optional("truncation_side") != nil {
        let stated = try configuration.string("truncation_side", oneOf: ["left", "right"])
        side = stated == "left" ? .left : .right
      }
    }
    maximumLength = lengths.min()
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
    guard let value = optional("model_max_length") else { return nil }
    guard let length = value.double, length >= 1 else { throw wrongType("model_max_length", "a number of tokens") }
    return length < 1e9 ? Int(length) : nil
  }
}
