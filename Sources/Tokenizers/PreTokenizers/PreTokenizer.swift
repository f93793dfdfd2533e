/// Cuts normalised text into pieces that no token crosses: the section `pre_tokenizer`.
protocol PreTokenizer: TokenizerPart {
  /// Cuts each piece of `text` into smaller ones. May change the scalars as well.
  func split(_ text: inout PreTokenizedText)

  /// Whether it uses ``PreTokenizedText/startCount``.
  var asksForStart: Bool { get }
}

extension PreTokenizer {
  var asksForStart: Bool { false }
}
