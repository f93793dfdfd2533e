extension Tokenizer {
  /// Reads a `tokenizer.json`, each section by the part that it describes.
  ///
  /// Whatever this program does not implement is an error, except `padding` (nothing is ever padded) and `decoder`
  /// (nothing is ever decoded).
  init(tokenizerJSON file: TokenizerSection, configuration: TokenizerSection?) throws(TokenizerError) {
    try file.requireKeys([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
      "model",
    ])
    if file.optional("version") != nil { try file.string("version", oneOf: ["1.0"]) }
    let normalizer = try file.section("normalizer").normalizer()
    let preTokenizer = try file.section("pre_tokenizer").preTokenizer()
    if let configuration { try normalizer.requireAgreement(of: configuration, with: file.file) }
    let model = try file.section("model").tokenModel()
    self.init(
      addedTokens: try AddedTokens(tokenizerJSON: file, model: model, normalizer: normalizer),
      normalizer: normalizer, preTokenizer: preTokenizer, model: model,
      template: try file.section("post_processor").template(),
      truncation: try Truncation(tokenizerJSON: file, configuration: configuration))
  }
}
