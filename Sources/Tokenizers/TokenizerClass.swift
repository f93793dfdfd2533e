import Checkpoints

/// A tokenizer class of `transformers`: what it makes of the files, as version 5 does.
struct TokenizerClass: Sendable {
  /// The values of `tokenizer_class` that mean it.
  let names: [String]
  /// Whether normaliser, pre-tokeniser, template and the greatest length of a word are BERT's, by
  /// `tokenizer_config.json` alone, whatever tokenizer.json has; else tokenizer.json rules.
  let rebuildsBERT: Bool
  /// Whether the numbers of the segments are fed to the model where `model_input_names` does not say. Zeros are fed
  /// otherwise.
  let feedsTokenTypes: Bool

  /// The classes that are known. To add one, write a line here.
  static let all = [
    TokenizerClass(
      names: ["Bert", "Electra", "MobileBert", "SqueezeBert"].flatMap {
        ["\($0)Tokenizer", "\($0)TokenizerFast"]
      }, rebuildsBERT: true, feedsTokenTypes: true),
    TokenizerClass(
      names: ["DistilBertTokenizer", "DistilBertTokenizerFast"], rebuildsBERT: true, feedsTokenTypes: false),
    TokenizerClass(
      names: ["PreTrainedTokenizerFast", "TokenizersBackend"], rebuildsBERT: false, feedsTokenTypes: false),
  ]

  /// A tokenizer.json by itself, as the library `tokenizers` reads it.
  static let file = TokenizerClass(names: [], rebuildsBERT: false, feedsTokenTypes: true)

  /// The class that `tokenizer_config.json` names.
  ///
  /// - Parameter fallback: the class where it names none.
  init(_ configuration: TokenizerSection?, fallback: String?) throws(TokenizerError) {
    let names = Self.all.flatMap(\.names)
    let stated =
      configuration?.optional("tokenizer_class") == nil
      ? fallback : try configuration?.string("tokenizer_class", oneOf: names)
    if let stated, !names.contains(stated) {
      throw .unsupported(
        file: "config.json", key: "tokenizer_class", value: "\"\(stated)\"", supported: names.joined(separator: ", "))
    }
    self = Self.all.first { $0.names.contains(stated ?? "") } ?? .file
  }

  private init(names: [String], rebuildsBERT: Bool, feedsTokenTypes: Bool) {
    (self.names, self.rebuildsBERT, self.feedsTokenTypes) = (names, rebuildsBERT, feedsTokenTypes)
  }
}
