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
    guard settings.tokenizerClass.rebuildsBERT else {
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
    let rebuilt = try BERTParts(settings, tokens: stored.tokens, file: file.file)
    let differences = [
      ("normalizer", (try? file.section("normalizer").normalizer())?.meaning, rebuilt.normalizer.meaning),
      ("pre_tokenizer", (try? file.section("pre_tokenizer").preTokenizer())?.meaning, rebuilt.preTokenizer.meaning),
      ("post_processor", (try? file.section("post_processor").template())?.meaning, rebuilt.template.meaning),
      ("model", stored.meaning, rebuilt.model.meaning),
    ].filter { $1 != $2 }.map(\.0)
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

  private static let zeroTypes =
    "the tokenizer's class feeds no token types, so both texts of a pair have type 0, as in transformers 5; version 4 "
    + "fed 0 and 1: if the model was trained so, name token_type_ids in model_input_names of tokenizer_config.json"
}

/// The parts of BERT's tokenizer, as its class makes them from `tokenizer_config.json`.
struct BERTParts {
  let normalizer: BertNormalizer
  let preTokenizer = BertPreTokenizer()
  let model: WordPiece
  let template: SpecialTokenTemplate

  /// - Parameter file: where the vocabulary comes from, for messages.
  init(_ settings: TokenizerSettings, tokens: [Tokenizer.Token], file: String) throws(TokenizerError) {
    let configuration = settings.configuration
    if let configuration, try configuration.optionalBool("do_basic_tokenize") == false {
      throw configuration.unsupported("do_basic_tokenize", "false", "true")
    }
    if let configuration, let words = configuration.optional("never_split"), words.array?.isEmpty != true {
      throw configuration.unsupported("never_split", "a list of words", "null")
    }
    let unknown = try settings.text(of: "unk_token", default: "[UNK]")
    guard
      let model = WordPiece(
        tokens: tokens, unknownToken: unknown, continuationPrefix: "##", maximumWordLength: 100)
    else { throw .missingToken(file: file, token: unknown, role: "unknown token") }
    func id(_ name: String, _ usual: String, _ role: String) throws(TokenizerError) -> Int32 {
      let token = try settings.text(of: name, default: usual)
      guard let id = model.id(of: token) else { throw .missingToken(file: file, token: token, role: role) }
      return id
    }
    self.model = model
    normalizer = BertNormalizer(
      cleansText: true, separatesIdeographs: try configuration?.optionalBool("tokenize_chinese_chars") ?? true,
      stripsAccents: try configuration?.optionalBool("strip_accents"),
      lowercases: try configuration?.optionalBool("do_lower_case") ?? true)
    template = SpecialTokenTemplate(
      classificationID: try id("cls_token", "[CLS]", "classification token"),
      separatorID: try id("sep_token", "[SEP]", "separator token"))
  }
}
