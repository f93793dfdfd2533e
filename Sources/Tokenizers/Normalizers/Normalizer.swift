/// Cleans up text before it is cut into words: the section `normalizer`.
protocol Normalizer: TokenizerPart {
  /// The scalars of `text` in normal form. Called once for each stretch of text between added tokens.
  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32]
}
