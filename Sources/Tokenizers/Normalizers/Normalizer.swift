/// Cleans up text before it is cut into words: the section `normalizer`.
protocol Normalizer: TokenizerPart {
  /// The scalars of `text` in normal form. Called once for each stretch of text between added tokens.
  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32]

  /// Throws where `tokenizer_config.json` states that text is cleaned up in another way: some versions of transformers
  /// follow the one file and some the other.
  /// - Parameter file: the `tokenizer.json` that this normaliser was read from.
  func requireAgreement(of configuration: TokenizerSection, with file: String) throws(TokenizerError)
}
