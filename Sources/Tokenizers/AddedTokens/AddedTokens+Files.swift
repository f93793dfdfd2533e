import Checkpoints

extension AddedTokens {
  /// Reads the list `added_tokens` of a `tokenizer.json`. As `tokenizers` does it, a token has the id that the
  /// vocabulary gives it, else the next one after the vocabulary; an id in the file that says otherwise is an error.
  init(
    tokenizerJSON file: TokenizerSection, model: any TokenModel, normalizer: any Normalizer
  ) throws(TokenizerError) {
    var reader = AddedTokenReader(normalizer: normalizer)
    var nextID = model.tokens.count
    let list = file.optional("added_tokens") == nil ? [] : try file.array("added_tokens")
    for (index, json) in list.enumerated() {
      let section = try file.section("added_tokens", index, json)
      try section.requireKeys(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      _ = try section.bool("special")
      let token = try reader.read(section, id: try section.id("id"))
      var actual = nextID
      if let id = model.id(of: token.content) { actual = Int(id) } else { nextID += 1 }
      guard token.id == actual else {
        throw .wrongTokenID(
          file: file.file, key: section.path("id"), token: token.content, stated: Int(token.id), actual: actual)
      }
    }
    self.init(reader.tokens, normalizer: normalizer)
  }

  /// Reads the tokens that `tokenizer_config.json` adds to a `vocab.txt`: those of `added_tokens_decoder`, else the
  /// five special tokens of BERT as far as the vocabulary has them.
  init(
    configuration: TokenizerSection?, model: any TokenModel, normalizer: any Normalizer
  ) throws(TokenizerError) {
    if let configuration, configuration.optional("added_tokens_decoder") != nil {
      try self.init(
        decoder: try configuration.section("added_tokens_decoder"), model: model, normalizer: normalizer)
      return
    }
    var tokens: [AddedToken] = []
    for (name, token) in [
      ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
      ("mask_token", "[MASK]"),
    ] {
      let content = try configuration?.tokenName(name) ?? token
      // One token may have two of the five names.
      let isKnown = tokens.contains { $0.content.utf8.elementsEqual(content.utf8) }
      guard let id = model.id(of: content), !isKnown else { continue }
      tokens.append(
        AddedToken(
          id: id, content: content, isSingleWord: false, stripsLeft: false, stripsRight: false, isNormalized: false))
    }
    self.init(tokens, normalizer: normalizer)
  }

  /// Reads `added_tokens_decoder`: tokens of the vocabulary by their ids.
  private init(
    decoder: TokenizerSection, model: any TokenModel, normalizer: any Normalizer
  ) throws(TokenizerError) {
    var reader = AddedTokenReader(normalizer: normalizer)
    for member in decoder.json.members ?? [] {
      // Not by its key, which would go through all members for each.
      let section = try TokenizerSection(file: decoder.file, key: decoder.path(member.key), json: member.value)
      let content = try section.string("content")
      guard let id = model.id(of: content), member.key == "\(id)" else {
        throw decoder.unsupported(member.key, "\"\(content)\"", "tokens of vocab.txt with their ids")
      }
      _ = try reader.read(section, id: id)
    }
    self.init(reader.tokens, normalizer: normalizer)
  }
}
