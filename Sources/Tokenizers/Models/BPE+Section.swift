import Checkpoints

extension BPE {
  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys([
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
      "ignore_merges", "vocab", "merges",
    ])
    if let dropout = section.optional("dropout"), dropout.double != 0 {
      throw section.unsupported("dropout", dropout.canonicalText, "null or 0")
    }
    var settings = Settings()
    settings.continuationPrefix = try section.optionalString("continuing_subword_prefix") ?? ""
    settings.wordSuffix = try section.optionalString("end_of_word_suffix") ?? ""
    settings.unknownToken = try section.optionalString("unk_token")
    settings.fusesUnknown = try section.optionalBool("fuse_unk") ?? false
    settings.fallsBackToBytes = try section.optionalBool("byte_fallback") ?? false
    settings.ignoresMerges = try section.optionalBool("ignore_merges") ?? false
    try self.init(
      tokens: section.vocabulary(), pairs: section.merges(), settings: settings, file: section.file,
      key: section.path("merges"))
  }

  /// - Parameters:
  ///   - pairs: in the order in which they were learnt, each two tokens.
  ///   - file: where they stand, and as what, for messages.
  init(
    tokens: [Tokenizer.Token], pairs: [(left: String, right: String)], settings: Settings, file: String, key: String
  ) throws(TokenizerError) {
    let ids = TokenTrie(tokens)
    let prefix = Array(settings.continuationPrefix.utf8)
    var merges: [Merge] = []
    merges.reserveCapacity(pairs.count)
    for (index, pair) in pairs.enumerated() {
      // The whole has the prefix of its left part alone.
      let whole = Array(pair.left.utf8) + Array(pair.right.utf8).dropFirst(prefix.count)
      var found: [Int32] = []
      for token in [pair.left, pair.right, String(decoding: whole, as: UTF8.self)] {
        guard let id = ids.id(of: token) else {
          throw .missingToken(file: file, token: token, role: "token of \(key)[\(index)]")
        }
        found.append(id)
      }
      merges.append(Merge(left: found[0], right: found[1], whole: found[2]))
    }
    guard let model = BPE(tokens: tokens, merges: merges, settings: settings) else {
      throw .missingToken(file: file, token: settings.unknownToken ?? "", role: "unknown token")
    }
    self = model
  }
}

extension TokenizerSection {
  /// The list `merges` of a model: pairs, or texts of two tokens with a space between them.
  fileprivate func merges() throws(TokenizerError) -> [(left: String, right: String)] {
    let list = try array("merges")
    guard list.count <= Tokenizer.maximumTokens else {
      throw .tooLarge(file: file, what: "there are \(list.count) merges, more than \(Tokenizer.maximumTokens)")
    }
    var merges: [(left: String, right: String)] = []
    merges.reserveCapacity(list.count)
    for (index, json) in list.enumerated() {
      let pair = json.array?.map(\.string) ?? json.string.map { $0.pairAtSpace } ?? []
      guard pair.count == 2, let left = pair[0], let right = pair[1] else {
        throw wrongType("merges[\(index)]", "two tokens")
      }
      merges.append((left, right))
    }
    return merges
  }
}

extension String {
  /// The parts between spaces.
  fileprivate var pairAtSpace: [String?] {
    utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String($0) }
  }
}
