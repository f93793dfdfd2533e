import Checkpoints
import SystemPackage

/// What a model directory says of its tokenizer beside `tokenizer.json` or the vocabulary.
struct TokenizerSettings {
  /// `tokenizer_config.json`
  let configuration: TokenizerSection?
  /// `special_tokens_map.json`
  let specialTokens: TokenizerSection?
  /// `added_tokens.json`
  let addedTokens: TokenizerSection?
  let tokenizerClass: TokenizerClass

  init(
    configuration: TokenizerSection?, specialTokens: TokenizerSection? = nil, addedTokens: TokenizerSection? = nil,
    tokenizerClass: TokenizerClass
  ) throws(TokenizerError) {
    self.configuration = configuration
    self.tokenizerClass = tokenizerClass
    if let configuration, try configuration.optionalBool("split_special_tokens") == true {
      throw configuration.unsupported("split_special_tokens", "true", "false")
    }
    // The decoder names all tokens that were added, and the older files are not read beside it.
    let hasDecoder = configuration?.optional("added_tokens_decoder") != nil
    self.specialTokens = hasDecoder ? nil : specialTokens
    self.addedTokens = hasDecoder ? nil : addedTokens
  }

  /// Whether the numbers of the segments are fed to the model.
  func feedsTokenTypes() throws(TokenizerError) -> Bool {
    guard let configuration, configuration.optional("model_input_names") != nil else {
      return tokenizerClass.feedsTokenTypes
    }
    return try configuration.array("model_input_names").contains(.string("token_type_ids"))
  }

  /// The section that says what a special token such as `cls_token` is, and how it is written there; nil where none
  /// does.
  func special(_ name: String) -> TokenizerSection? {
    [specialTokens, configuration].compactMap(\.self).first { $0.optional(name) != nil }
  }

  /// Whether the configuration says that there is no token with the role `name`.
  func denies(_ name: String) -> Bool { configuration?.json[name]?.isNull == true }

  /// Whether a file lists special tokens without a role, if only an empty list.
  ///
  /// - Parameter hasPieces: whether a SentencePiece model names some, which rules out `additional_special_tokens` of
  ///   `special_tokens_map.json`.
  func namesExtraTokens(hasPieces: Bool) -> Bool {
    func names(_ section: TokenizerSection?, _ name: String) -> Bool { section?.json[name] != nil }
    return [configuration, specialTokens].contains { names($0, "extra_special_tokens") }
      || names(configuration, "additional_special_tokens")
      || !hasPieces && names(specialTokens, "additional_special_tokens")
  }

  /// The text of a special token.
  func text(of name: String, default token: String) throws(TokenizerError) -> String {
    try special(name)?.tokenName(name) ?? token
  }

  /// The special tokens beside the seven that have a role, in their order, each with the section that it stands in.
  ///
  /// - Parameter hasPieces: as for ``namesExtraTokens(hasPieces:)``.
  func extraTokens(
    hasPieces: Bool = false
  ) throws(TokenizerError) -> [(section: TokenizerSection, name: String, token: JSON)] {
    let (extra, additional) = ("extra_special_tokens", "additional_special_tokens")
    var found: [(section: TokenizerSection, name: String, token: JSON)] = []
    func take(_ section: TokenizerSection, _ name: String) throws(TokenizerError) {
      guard let value = section.optional(name) else { return }
      if let members = value.members {
        found += members.map { (section, name, $0.value) }
      } else {
        found += try section.array(name).map { (section, name, $0) }
      }
    }
    if let configuration {
      try take(configuration, extra)
      if found.isEmpty { try take(configuration, additional) }
    }
    // Tokens with a role of the model's own.
    for section in [configuration, specialTokens].compactMap(\.self) {
      for member in section.json.members ?? []
      where member.key.hasSuffix("_token") && !Self.roles.contains(member.key) && member.value.string != nil {
        found.append((section, member.key, member.value))
      }
    }
    if let specialTokens {
      try take(specialTokens, extra)
      if !hasPieces, configuration?.json[extra] == nil, configuration?.optional(additional) == nil {
        try take(specialTokens, additional)
      }
    }
    return found
  }

  /// The special tokens that have a role, in the order in which they are added.
  static let roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
}

extension TokenizerSection {
  /// A special token, written as a string or as an object with its content.
  func tokenName(_ member: String) throws(TokenizerError) -> String? {
    guard let value = optional(member) else { return nil }
    if let name = value.string { return name }
    return try section(member).string("content")
  }
}
