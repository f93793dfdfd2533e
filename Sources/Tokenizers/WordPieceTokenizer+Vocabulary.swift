import Checkpoints
import SystemPackage

extension WordPieceTokenizer {
  /// Tokenizer classes of transformers that read `vocab.txt` as BERT does.
  private static let vocabularyClasses = ["Bert", "DistilBert", "Electra", "MobileBert", "ConvBert", "SqueezeBert"]
    .flatMap { ["\($0)Tokenizer", "\($0)TokenizerFast"] }

  /// Builds the tokenizer that transformers builds from a `vocab.txt`: one piece a line, its id the line's number from 0.
  ///
  /// - Parameters:
  ///   - configuration: `tokenizer_config.json`; without it text is lower-cased and special tokens have BERT's names.
  ///   - addedTokens: `added_tokens.json`; allowed where it only names tokens that the vocabulary has.
  init(
    vocabularyFile file: MappedFile, configuration: TokenizerSection?, addedTokens: TokenizerSection?
  ) throws(TokenizerError) {
    if let configuration {
      if configuration.optional("tokenizer_class") != nil {
        try configuration.string("tokenizer_class", oneOf: Self.vocabularyClasses)
      }
      if try configuration.optionalBool("do_basic_tokenize") == false {
        throw configuration.unsupported("do_basic_tokenize", "false", "true")
      }
      if let words = configuration.optional("never_split"), words.array?.isEmpty != true {
        throw configuration.unsupported("never_split", "a list of words", "null")
      }
    }
    let path = file.path
    let pieces = try Self.pieces(of: file)
    let ids = idsByScalars(pieces)
    if let addedTokens {
      for member in addedTokens.json.members ?? []
      where ids[scalars(of: member.key)].map(Int.init) != member.value.integer {
        throw addedTokens.unsupported(member.key, "a token that vocab.txt has not", "tokens of vocab.txt")
      }
    }
    let normalizer = BertNormalizer(
      cleansText: true, separatesIdeographs: try configuration?.optionalBool("tokenize_chinese_chars") ?? true,
      stripsAccents: try configuration?.optionalBool("strip_accents"),
      lowercases: try configuration?.optionalBool("do_lower_case") ?? true)

    func id(of name: String, default token: String, role: String) throws(TokenizerError) -> Int32 {
      let token = try configuration?.tokenName(name) ?? token
      guard let id = ids[scalars(of: token)] else { throw .missingToken(file: path.string, token: token, role: role) }
      return id
    }
    let unknownID = try id(of: "unk_token", default: "[UNK]", role: "unknown token")
    let template = SpecialTokenTemplate(
      classificationID: try id(of: "cls_token", default: "[CLS]", role: "classification token"),
      separatorID: try id(of: "sep_token", default: "[SEP]", role: "separator token"))
    let truncation = try configuration?.truncation()
    self.init(
      pieces: pieces, model: Model(unknownID: unknownID, continuationPrefix: "##", maximumWordLength: 100),
      normalizer: normalizer, template: template, addedTokens: try Self.specialTokens(ids, configuration, normalizer),
      truncationSide: truncation?.side ?? .right, maximumLength: truncation?.maximumLength)
  }

  private static func pieces(of file: MappedFile) throws(TokenizerError) -> [Token] {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    let (bytes, path) = (file.bytes, file.path.string)
    guard bytes.count <= JSON.maximumFileBytes else {
      throw .tooLarge(
        file: path, what: "the file has \(bytes.count) bytes, but a vocabulary has at most \(JSON.maximumFileBytes)")
    }
    var pieces: [Token] = []
    var position = 0
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      guard pieces.count < maximumTokens else {
        throw .tooLarge(file: path, what: "the vocabulary has more than \(maximumTokens) tokens")
      }
      guard let text = String(validating: file[position..<end], as: UTF8.self) else {
        throw .invalidUTF8(file: path, line: pieces.count + 1)
      }
      var token = Substring(text).unicodeScalars
      while let last = token.last, last.properties.isWhitespace { token.removeLast() }
      pieces.append(Token(text: String(token), id: Int32(pieces.count)))
      position = end + 1
    }
    return pieces
  }

  /// The tokens that are found in raw text: those of `added_tokens_decoder`, else the five special tokens of BERT as far
  /// as the vocabulary has them.
  private static func specialTokens(
    _ ids: [[UInt32]: Int32], _ configuration: TokenizerSection?, _ normalizer: BertNormalizer
  ) throws(TokenizerError) -> [AddedToken] {
    var seen: Set<[UInt32]> = []
    if let configuration, configuration.optional("added_tokens_decoder") != nil {
      let decoder = try configuration.section("added_tokens_decoder")
      var tokens: [AddedToken] = []
      for member in decoder.json.members ?? [] {
        // Not by its key, which would go through all members for each.
        let section = try TokenizerSection(file: decoder.file, key: decoder.path(member.key), json: member.value)
        let content = try section.string("content")
        guard let id = ids[scalars(of: content)], member.key == "\(id)" else {
          throw decoder.unsupported(member.key, "\"\(content)\"", "tokens of vocab.txt with their ids")
        }
        tokens.append(try section.addedToken(id: id, normalizer: normalizer, seen: &seen))
      }
      return tokens
    }
    var tokens: [AddedToken] = []
    for (name, token) in [
      ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
      ("mask_token", "[MASK]"),
    ] {
      let content = try configuration?.tokenName(name) ?? token
      let written = scalars(of: content)
      guard let id = ids[written], seen.insert(written).inserted else { continue }
      tokens.append(
        AddedToken(
          id: id, content: content, isSingleWord: false, stripsLeft: false, stripsRight: false, isNormalized: false))
    }
    return tokens
  }
}

extension TokenizerSection {
  /// A special token of `tokenizer_config.json`, written as a string or as an object with its content.
  fileprivate func tokenName(_ member: String) throws(TokenizerError) -> String? {
    guard let value = optional(member) else { return nil }
    if let name = value.string { return name }
    return try section(member).string("content")
  }
}
