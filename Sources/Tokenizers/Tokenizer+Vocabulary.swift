import Checkpoints

extension Tokenizer {
  /// Tokenizer classes of transformers that read `vocab.txt` as BERT does.
  private static let vocabularyClasses = ["Bert", "DistilBert", "Electra", "MobileBert", "ConvBert", "SqueezeBert"]
    .flatMap { ["\($0)Tokenizer", "\($0)TokenizerFast"] }

  /// Builds the tokenizer that transformers builds from a `vocab.txt`: BERT's parts, around one token a line, its id
  /// the line's number from 0.
  ///
  /// - Parameters:
  ///   - configuration: `tokenizer_config.json`; without it text is lower-cased and special tokens have BERT's names.
  ///   - addedTokens: `added_tokens.json`; allowed where it only names tokens that the vocabulary has.
  init(
    vocabularyFile file: MappedFile, configuration: TokenizerSection?, addedTokens: TokenizerSection?
  ) throws(TokenizerError) {
    try configuration?.requireBertVocabulary(classes: Self.vocabularyClasses)
    func name(_ member: String, default token: String) throws(TokenizerError) -> String {
      try configuration?.tokenName(member) ?? token
    }
    let unknown = try name("unk_token", default: "[UNK]")
    guard
      let model = WordPiece(
        tokens: try Self.tokens(of: file), unknownToken: unknown, continuationPrefix: "##", maximumWordLength: 100)
    else { throw .missingToken(file: file.path.string, token: unknown, role: "unknown token") }
    func id(of token: String, role: String) throws(TokenizerError) -> Int32 {
      guard let id = model.id(of: token) else {
        throw .missingToken(file: file.path.string, token: token, role: role)
      }
      return id
    }
    if let addedTokens {
      for member in addedTokens.json.members ?? []
      where model.id(of: member.key).map(Int.init) != member.value.integer {
        throw addedTokens.unsupported(member.key, "a token that vocab.txt has not", "tokens of vocab.txt")
      }
    }
    let normalizer = BertNormalizer(
      cleansText: true, separatesIdeographs: try configuration?.optionalBool("tokenize_chinese_chars") ?? true,
      stripsAccents: try configuration?.optionalBool("strip_accents"),
      lowercases: try configuration?.optionalBool("do_lower_case") ?? true)
    let template = SpecialTokenTemplate(
      classificationID: try id(of: name("cls_token", default: "[CLS]"), role: "classification token"),
      separatorID: try id(of: name("sep_token", default: "[SEP]"), role: "separator token"))
    self.init(
      addedTokens: try AddedTokens(configuration: configuration, model: model, normalizer: normalizer),
      normalizer: normalizer, preTokenizer: BertPreTokenizer(), model: model, template: template,
      truncation: try Truncation(tokenizerJSON: nil, configuration: configuration))
  }

  private static func tokens(of file: MappedFile) throws(TokenizerError) -> [Token] {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    let (bytes, path) = (file.bytes, file.path.string)
    guard bytes.count <= JSON.maximumFileBytes else {
      throw .tooLarge(
        file: path, what: "the file has \(bytes.count) bytes, but a vocabulary has at most \(JSON.maximumFileBytes)")
    }
    var tokens: [Token] = []
    var position = 0
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      guard tokens.count < maximumTokens else {
        throw .tooLarge(file: path, what: "the vocabulary has more than \(maximumTokens) tokens")
      }
      guard let text = String(validating: file[position..<end], as: UTF8.self) else {
        throw .invalidUTF8(file: path, line: tokens.count + 1)
      }
      var token = Substring(text).unicodeScalars
      while let last = token.last, last.properties.isWhitespace { token.removeLast() }
      tokens.append(Token(text: String(token), id: Int32(tokens.count)))
      position = end + 1
    }
    return tokens
  }
}

extension TokenizerSection {
  /// Throws where `tokenizer_config.json` asks for another tokenizer than BERT's.
  fileprivate func requireBertVocabulary(classes: [String]) throws(TokenizerError) {
    if optional("tokenizer_class") != nil { try string("tokenizer_class", oneOf: classes) }
    if try optionalBool("do_basic_tokenize") == false { throw unsupported("do_basic_tokenize", "false", "true") }
    if let words = optional("never_split"), words.array?.isEmpty != true {
      throw unsupported("never_split", "a list of words", "null")
    }
  }

  /// A special token of `tokenizer_config.json`, written as a string or as an object with its content.
  func tokenName(_ member: String) throws(TokenizerError) -> String? {
    guard let value = optional(member) else { return nil }
    if let name = value.string { return name }
    return try section(member).string("content")
  }
}
