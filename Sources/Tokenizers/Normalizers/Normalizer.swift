/// Cleans up text before it is cut into words: the section `normalizer`.
protocol Normalizer: TokenizerPart {
  /// The scalars of `text` in normal form. Called once for each stretch of text between added tokens.
  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32]

  /// How many scalars at the start of the normal form stem from the first `count` scalars of `text`.
  func normalizedCount(of count: Int, in text: ArraySlice<UInt32>) -> Int
}

extension Normalizer {
  func normalizedCount(of count: Int, in text: ArraySlice<UInt32>) -> Int {
    count == 0 ? 0 : normalize(text.prefix(count)).count
  }
}
