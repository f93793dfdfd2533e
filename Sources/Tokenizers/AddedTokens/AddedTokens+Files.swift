import Checkpoints

extension AddedTokens {
  /// Reads the tokens that the files of a directory add, as `transformers` 5 adds them: those of `tokenizer.json`, of
  /// `added_tokens_decoder` or the older `added_tokens.json`, then the special tokens with a role, then the others.
  /// What comes a second time is not added again.
  ///
  /// A token has the id that the vocabulary gives it, else the next one after the vocabulary; an id in a file that says
  /// otherwise is an error.
  ///
  /// - Parameters:
  ///   - file: `tokenizer.json`, if there is one.
  ///   - extras: the tokens that a SentencePiece model adds.
  init(
    _ settings: TokenizerSettings, file: TokenizerSection? = nil, extras: [JSON]? = nil, model: any TokenModel,
    normalizer: any Normalizer
  ) throws(TokenizerError) {
    var reader = AddedTokenReader(model: model, normalizer: normalizer)
    let decoder = settings.configuration?.optional("added_tokens_decoder")
    let builder = settings.tokenizerClass.builder
    let rebuilds = builder != nil
    // A class that is built anew takes the file's tokens only where no decoder names all of them.
    let list = rebuilds && decoder != nil ? [] : try file?.addedTokens() ?? []
    if rebuilds {
      let known = Set(list.map(\.id))
      let older = try settings.olderTokens().filter { !known.contains($0.id) }
      for token in try (list + settings.decodedTokens() + older).sorted(by: { $0.id < $1.id }) {
        try reader.read(token.section, id: token.id, isSpecial: token.isSpecial)
      }
    } else {
      for token in list { try reader.read(token.section, id: token.id, isSpecial: token.isSpecial) }
      let more = try settings.decodedTokens() + settings.olderTokens()
      for token in more.sorted(by: { $0.id < $1.id })
      where !reader.has(try token.section.string("content")) {
        try reader.read(token.section, id: token.id, isSpecial: token.isSpecial)
      }
    }
    for name in TokenizerSettings.roles {
      let stripsLeft = builder?.maskStripsLeft == true && name == "mask_token"
      if let section = settings.special(name), let token = section.optional(name) {
        try reader.readSpecial(token, in: section, name, stripsLeft: stripsLeft)
      } else if let usual = builder?.specialTokens[name], !settings.denies(name) {
        // A vocabulary without one of the class's names needs none, but its id is taken.
        try reader.readUsual(usual, stripsLeft: stripsLeft, addsMissing: builder?.addsMissingTokens ?? false)
      }
    }
    for (section, name, token) in try settings.extraTokens(hasPieces: extras != nil) {
      try reader.readSpecial(token, in: section, name)
    }
    if let builder, !settings.namesExtraTokens(hasPieces: extras != nil) {
      let none = try TokenizerSection(file: "", key: "", json: [:])
      for token in extras ?? [] { try reader.readSpecial(token, in: none, "pieces") }
      if extras == nil { for usual in builder.extraTokens { try reader.readUsual(usual) } }
    }
    self.init(reader.tokens, normalizer: normalizer)
  }
}

/// A token as a file describes it, with the id that the file gives it.
private struct DescribedToken {
  let section: TokenizerSection
  let id: Int32
  /// Nil where the section says so itself.
  var isSpecial: Bool?
}

extension TokenizerSection {
  /// The list `added_tokens` of a `tokenizer.json`.
  fileprivate func addedTokens() throws(TokenizerError) -> [DescribedToken] {
    guard optional("added_tokens") != nil else { return [] }
    var tokens: [DescribedToken] = []
    for (index, json) in try array("added_tokens").enumerated() {
      let section = try section("added_tokens", index, json)
      try section.requireKeys(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      for flag in ["single_word", "lstrip", "rstrip", "normalized", "special"] { _ = try section.bool(flag) }
      tokens.append(DescribedToken(section: section, id: try section.id("id")))
    }
    return tokens
  }
}

extension TokenizerSettings {
  /// The tokens of `added_tokens_decoder`, whose keys are ids.
  fileprivate func decodedTokens() throws(TokenizerError) -> [DescribedToken] {
    guard let configuration, configuration.optional("added_tokens_decoder") != nil else { return [] }
    let decoder = try configuration.section("added_tokens_decoder")
    var tokens: [DescribedToken] = []
    for member in decoder.json.members ?? [] {
      guard let id = Int32(member.key), id >= 0 else { throw decoder.unsupported(member.key, "a key", "ids") }
      // Not by its key, which would go through all members for each.
      let section = try TokenizerSection(file: decoder.file, key: decoder.path(member.key), json: member.value)
      tokens.append(DescribedToken(section: section, id: id))
    }
    return tokens
  }

  /// The tokens of `added_tokens.json`: special are those that another file names as such.
  fileprivate func olderTokens() throws(TokenizerError) -> [DescribedToken] {
    guard let addedTokens else { return [] }
    var special: Set<[UInt8]> = []
    for name in Self.roles {
      if let text = try self.special(name)?.tokenName(name) { special.insert(Array(text.utf8)) }
    }
    for (_, _, token) in try extraTokens() {
      if let text = token.string ?? token["content"]?.string { special.insert(Array(text.utf8)) }
    }
    var tokens: [DescribedToken] = []
    for member in addedTokens.json.members ?? [] {
      guard let id = member.value.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw addedTokens.wrongType(member.key, "an id below 2^31")
      }
      let section = try TokenizerSection(
        file: addedTokens.file, key: member.key, json: ["content": .string(member.key)])
      tokens.append(DescribedToken(section: section, id: id, isSpecial: special.contains(Array(member.key.utf8))))
    }
    return tokens
  }
}
