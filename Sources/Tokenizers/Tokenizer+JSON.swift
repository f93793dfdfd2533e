import Checkpoints

extension Tokenizer {
  /// Reads a `tokenizer.json`, each section by the part that it describes, or by what the class of the tokenizer makes
  /// of its settings.
  ///
  /// Whatever this program does not implement is an error, except `padding` (nothing is ever padded) and `decoder`
  /// (nothing is ever decoded).
  init(tokenizerJSON file: TokenizerSection, _ settings: TokenizerSettings) throws(TokenizerError) {
    try file.requireKeys([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
      "model",
    ])
    if file.optional("version") != nil { try file.string("version", oneOf: ["1.0"]) }
    let stored = try file.section("model").tokenModel()
    let truncation = try Truncation(tokenizerJSON: file, configuration: settings.configuration)
    guard let builder = settings.tokenizerClass.builder else {
      let normalizer = try file.nullable("normalizer")?.normalizer() ?? NormalizerSequence([])
      let template = try file.nullable("post_processor")?.template() ?? .bare
      let feedsTokenTypes = try settings.feedsTokenTypes()
      self.init(
        addedTokens: try AddedTokens(settings, file: file, model: stored, normalizer: normalizer),
        normalizer: normalizer,
        preTokenizer: try file.nullable("pre_tokenizer")?.preTokenizer() ?? PreTokenizerSequence([]), model: stored,
        template: template, truncation: truncation, feedsTokenTypes: feedsTokenTypes,
        notes: feedsTokenTypes || template.pair.allSatisfy { $0.typeID == 0 } ? [] : [Self.zeroTypes])
      return
    }
    let rebuilt = try builder.parts(ClassVocabulary(file, stored, for: builder), settings)
    let differences = Self.unused(file, stored, rebuilt)
    self.init(
      addedTokens: try AddedTokens(settings, file: file, model: rebuilt.model, normalizer: rebuilt.normalizer),
      normalizer: rebuilt.normalizer, preTokenizer: rebuilt.preTokenizer, model: rebuilt.model,
      template: rebuilt.template, truncation: truncation, feedsTokenTypes: try settings.feedsTokenTypes(),
      notes: differences.isEmpty
        ? []
        : [
          "\(file.file): the tokenizer's class builds \(differences.joined(separator: " and ")) from "
            + "tokenizer_config.json, and what this file has is not used, as in transformers 5"
        ])
  }

  /// The sections of `file` that are not what the tokenizer's class builds.
  private static func unused(_ file: TokenizerSection, _ model: any TokenModel, _ parts: ClassParts) -> [String] {
    let none = (NormalizerSequence([]).meaning, PreTokenizerSequence([]).meaning)
    let normalizer = try? file.nullable("normalizer").map { try $0.normalizer().meaning } ?? none.0
    let preTokenizer = try? file.nullable("pre_tokenizer").map { try $0.preTokenizer().meaning } ?? none.1
    let template = try? file.nullable("post_processor").map { try $0.template() } ?? .bare
    var names: [String] = []
    if normalizer != parts.normalizer.meaning { names.append("normalizer") }
    if preTokenizer != parts.preTokenizer.meaning { names.append("pre_tokenizer") }
    if template != parts.template { names.append("post_processor") }
    if model.meaning != parts.model.meaning { names.append("model") }
    return names
  }

  private static let zeroTypes =
    "the tokenizer's class feeds no token types, so both texts of a pair have type 0, as in transformers 5; version 4 "
    + "fed 0 and 1: if the model was trained so, name token_type_ids in model_input_names of tokenizer_config.json"
}
