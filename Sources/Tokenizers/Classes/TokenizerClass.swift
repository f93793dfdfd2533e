import Checkpoints

/// A tokenizer class of `transformers`: what it makes of the files, as version 5 does.
struct TokenizerClass: Sendable {
  /// The values of `tokenizer_class` that mean it.
  let names: [String]
  /// Builds normaliser, pre-tokeniser, model and template from the vocabulary and `tokenizer_config.json`; nil where
  /// tokenizer.json rules.
  let builder: (any ClassBuilder.Type)?
  /// Whether the numbers of the segments are fed to the model where `model_input_names` does not say. Zeros are fed
  /// otherwise.
  let feedsTokenTypes: Bool

  /// The classes that are known. To add one, write a line here.
  static let all = [
    TokenizerClass("Bert", "Electra", "MobileBert", "SqueezeBert", builder: BertBuilder.self, feedsTokenTypes: true),
    TokenizerClass("DistilBert", builder: BertBuilder.self),
    TokenizerClass("Roberta", builder: RobertaBuilder.self),
    TokenizerClass("XLMRoberta", builder: XLMRobertaBuilder.self),
    TokenizerClass("Camembert", builder: CamembertBuilder.self),
    TokenizerClass("Albert", builder: AlbertBuilder.self),
    TokenizerClass("MPNet", builder: MPNetBuilder.self),
    TokenizerClass("DebertaV2", builder: DebertaV2Builder.self, feedsTokenTypes: true),
    TokenizerClass(names: plainNames, builder: nil, feedsTokenTypes: false),
  ]

  /// The class that reads a tokenizer.json as it is.
  private static let plainNames = ["PreTrainedTokenizerFast", "TokenizersBackend"]

  /// A tokenizer.json by itself, as the library `tokenizers` reads it.
  static let file = TokenizerClass(names: [], builder: nil, feedsTokenTypes: true)

  /// Whether a model's family that has the class `name` takes it whatever class the files name.
  static func isBinding(_ name: String?) -> Bool { name.map(plainNames.contains) ?? false }

  /// The class that `tokenizer_config.json` names.
  ///
  /// - Parameters:
  ///   - fallback: the class where it names none.
  ///   - file: the file that names `fallback`, for messages.
  ///   - family: the class of the model's family: where nobody names another, or where it is the plain one.
  init(
    _ configuration: TokenizerSection?, fallback: String?, in file: String = "config.json", family: String? = nil
  ) throws(TokenizerError) {
    let names = Self.all.flatMap(\.names)
    var stated = family
    if !Self.isBinding(family) {
      if let configuration, configuration.optional("tokenizer_class") != nil {
        stated = try configuration.string("tokenizer_class", oneOf: names)
      } else {
        stated = fallback ?? family
      }
    }
    if let stated, !names.contains(stated) {
      throw .unsupported(
        file: file, key: "tokenizer_class", value: "\"\(stated)\"", supported: names.joined(separator: ", "))
    }
    self = Self.all.first { $0.names.contains(stated ?? "") } ?? .file
  }

  /// - Parameter models: each a class named after it, with and without `Fast`.
  private init(_ models: String..., builder: any ClassBuilder.Type, feedsTokenTypes: Bool = false) {
    self.init(
      names: models.flatMap { ["\($0)Tokenizer", "\($0)TokenizerFast"] }, builder: builder,
      feedsTokenTypes: feedsTokenTypes)
  }

  private init(names: [String], builder: (any ClassBuilder.Type)?, feedsTokenTypes: Bool) {
    (self.names, self.builder, self.feedsTokenTypes) = (names, builder, feedsTokenTypes)
  }
}
