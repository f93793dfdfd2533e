import Checkpoints

/// `BertTokenizer`, and those that are the same: DistilBERT's and ELECTRA's.
enum BertBuilder: ClassBuilder {
  static let modelName = WordPiece.typeName
  static let vocabularyFile = "vocab.txt"
  static let specialTokens = [
    "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
  ]

  static func parts(
    _ vocabulary: ClassVocabulary, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> ClassParts {
    let model = try vocabulary.wordPiece(settings, unknownToken: "[UNK]")
    return ClassParts(
      normalizer: try BertNormalizer(settings), preTokenizer: BertPreTokenizer(), model: model,
      template: SpecialTokenTemplate(
        classificationID: try id(of: "cls_token", "classification token", settings, model, vocabulary.file),
        separatorID: try id(of: "sep_token", "separator token", settings, model, vocabulary.file)))
  }
}

extension ClassVocabulary {
  /// A ``WordPiece`` of this vocabulary, with what BERT's classes fix.
  func wordPiece(_ settings: TokenizerSettings, unknownToken: String) throws(TokenizerError) -> WordPiece {
    let unknown = try settings.text(of: "unk_token", default: unknownToken)
    guard
      let model = WordPiece(tokens: plain, unknownToken: unknown, continuationPrefix: "##", maximumWordLength: 100)
    else { throw .missingToken(file: file, token: unknown, role: "unknown token") }
    return model
  }
}

extension BertNormalizer {
  /// What `tokenizer_config.json` asks for in the words of BERT's classes.
  init(_ settings: TokenizerSettings) throws(TokenizerError) {
    let configuration = settings.configuration
    if let configuration, try configuration.optionalBool("do_basic_tokenize") == false {
      throw configuration.unsupported("do_basic_tokenize", "false", "true")
    }
    if let configuration, let words = configuration.optional("never_split"), words.array?.isEmpty != true {
      throw configuration.unsupported("never_split", "a list of words", "null")
    }
    self.init(
      cleansText: true, separatesIdeographs: try configuration?.optionalBool("tokenize_chinese_chars") ?? true,
      stripsAccents: try configuration?.optionalBool("strip_accents"),
      lowercases: try configuration?.optionalBool("do_lower_case") ?? true)
  }
}
