/// Turns the pieces of a text into ids: the section `model`, with its vocabulary.
protocol TokenModel: TokenizerPart {
  /// The vocabulary, without added tokens that it lacks. ``TokenizerPart/meaning`` does not repeat it.
  var tokens: [Tokenizer.Token] { get }

  /// The id of a token of the vocabulary. Tokens are told apart scalar by scalar: canonically equivalent spellings are
  /// different ones.
  func id(of token: String) -> Int32?

  /// Appends the ids of all pieces of `text`. Called once for each stretch of text between added tokens.
  func appendIDs(of text: PreTokenizedText, to ids: inout [Int32])
}
