import Checkpoints
import SystemPackage

extension WordPieceTokenizer {
  /// Reads a `tokenizer.json`. Whatever this program does not implement is an error, except `padding` (nothing is ever
  /// padded), `decoder` (nothing is ever decoded) and `truncation.stride` (parts that are cut off are not used).
  init(tokenizerJSON file: TokenizerSection, configuration: TokenizerSection?) throws(TokenizerError) {
    try file.requireKeys([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
      "model",
    ])
    if file.optional("version") != nil { try file.string("version", oneOf: ["1.0"]) }
    let normalizer = try file.section("normalizer").bertNormalizer()
    let preTokenizer = try file.section("pre_tokenizer")
    try preTokenizer.string("type", oneOf: ["BertPreTokenizer"])
    try preTokenizer.requireKeys(["type"])
    try configuration?.requireAgreement(with: normalizer, file: file)

    let model = try file.section("model")
    if model.optional("type") != nil { try model.string("type", oneOf: ["WordPiece"]) }
    try model.requireKeys([
      "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab",
    ])
    let pieces = try model.vocabulary()
    try model.requireBounds(pieces)
    let unknown = try model.string("unk_token")
    let ids = idsByScalars(pieces)
    guard let unknownID = ids[scalars(of: unknown)] else {
      throw .missingToken(file: file.file, token: unknown, role: "unknown token (model.unk_token)")
    }
    let truncation = try file.truncationSection()
    let configured = try configuration?.truncation()
    self.init(
      pieces: pieces,
      model: Model(
        unknownID: unknownID, continuationPrefix: try model.string("continuing_subword_prefix"),
        maximumWordLength: try model.wordLength()),
      normalizer: normalizer,
      template: try file.section("post_processor").specialTokenTemplate(),
      addedTokens: try file.addedTokens(ids: ids, vocabularySize: ids.count, normalizer: normalizer),
      truncationSide: configured?.side ?? truncation?.side ?? .right,
      maximumLength: [truncation?.maximumLength, configured?.maximumLength].compactMap { $0 }.min())
  }
}

extension TokenizerSection {
  /// Refuses more tokens than any encoder has rows for. Their number and length decide about memory and, where text is
  /// made to fit them, about time.
  func requireBounds(_ pieces: [WordPieceTokenizer.Token]) throws(TokenizerError) {
    guard pieces.count <= WordPieceTokenizer.maximumTokens else {
      throw .tooLarge(
        file: file, what: "the vocabulary has \(pieces.count) tokens, more than \(WordPieceTokenizer.maximumTokens)")
    }
  }

  /// `max_input_chars_per_word`: what a word costs grows with its square.
  fileprivate func wordLength() throws(TokenizerError) -> Int {
    let length = try natural("max_input_chars_per_word")
    guard length <= WordPieceTokenizer.maximumWordLength else {
      throw unsupported(
        "max_input_chars_per_word", "\(length)", "at most \(WordPieceTokenizer.maximumWordLength)")
    }
    return length
  }
}

/// The id of each token, told apart scalar by scalar.
func idsByScalars(_ tokens: [WordPieceTokenizer.Token]) -> [[UInt32]: Int32] {
  Dictionary(tokens.map { (scalars(of: $0.text), $0.id) }) { _, last in last }
}

extension TokenizerSection {
  fileprivate func bertNormalizer() throws(TokenizerError) -> BertNormalizer {
    try string("type", oneOf: ["BertNormalizer"])
    try requireKeys(["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
    return BertNormalizer(
      cleansText: try bool("clean_text"), separatesIdeographs: try bool("handle_chinese_chars"),
      stripsAccents: try optionalBool("strip_accents"), lowercases: try bool("lowercase"))
  }

  /// Where `tokenizer_config.json` states what the normaliser does, it must say the same: some versions of transformers
  /// follow the one file and some the other.
  fileprivate func requireAgreement(
    with normalizer: BertNormalizer, file other: TokenizerSection
  ) throws(TokenizerError) {
    let stated = [
      ("do_lower_case", "lowercase", normalizer.lowercases),
      ("tokenize_chinese_chars", "handle_chinese_chars", normalizer.separatesIdeographs),
      ("strip_accents", "strip_accents", normalizer.stripsAccents),
    ]
    for (key, otherKey, actual) in stated {
      guard let value = try optionalBool(key), value != actual else { continue }
      throw .contradiction(
        file: file, key: key, value: "\(value)", otherFile: other.file, otherKey: "normalizer.\(otherKey)",
        otherValue: "\(actual)")
    }
  }

  fileprivate func vocabulary() throws(TokenizerError) -> [WordPieceTokenizer.Token] {
    guard let members = try required("vocab").members else { throw wrongType("vocab", "an object") }
    var tokens: [WordPieceTokenizer.Token] = []
    tokens.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw wrongType("vocab[\"\(member.key)\"]", "an id below 2^31")
      }
      tokens.append(WordPieceTokenizer.Token(text: member.key, id: id))
    }
    return tokens
  }

  fileprivate func truncationSection() throws(TokenizerError) -> (maximumLength: Int, side: TruncationSide)? {
    guard optional("truncation") != nil else { return nil }
    let truncation = try section("truncation")
    try truncation.requireKeys(["direction", "max_length", "strategy", "stride"])
    try truncation.string("strategy", oneOf: ["LongestFirst"])
    var side = TruncationSide.right
    if truncation.optional("direction") != nil, try truncation.string("direction", oneOf: ["Left", "Right"]) == "Left" {
      side = .left
    }
    return (try truncation.natural("max_length"), side)
  }

  /// The list `added_tokens`. As `tokenizers` does it, a token has the id that the vocabulary gives it, else the next
  /// one after the vocabulary; an id in the file that says otherwise is an error.
  fileprivate func addedTokens(
    ids: [[UInt32]: Int32], vocabularySize: Int, normalizer: BertNormalizer
  ) throws(TokenizerError) -> [AddedToken] {
    guard optional("added_tokens") != nil else { return [] }
    var tokens: [AddedToken] = []
    var seen: Set<[UInt32]> = []
    var nextID = vocabularySize
    for (index, json) in try array("added_tokens").enumerated() {
      let section = try section("added_tokens", index, json)
      try section.requireKeys(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      _ = try section.bool("special")
      let stated = try section.id("id")
      let content = try section.string("content")
      let token = try section.addedToken(id: stated, normalizer: normalizer, seen: &seen)
      let actual: Int
      if let id = ids[scalars(of: content)] {
        actual = Int(id)
      } else {
        actual = nextID
        nextID += 1
      }
      guard stated == actual else {
        throw .wrongTokenID(
          file: file, key: section.path("id"), token: content, stated: Int(stated), actual: actual)
      }
      tokens.append(token)
    }
    return tokens
  }

  /// This object as an added token.
  /// - Parameter seen: the scalars, in normal form where they count, of the tokens so far.
  func addedToken(
    id: Int32, normalizer: BertNormalizer, seen: inout Set<[UInt32]>
  ) throws(TokenizerError) -> AddedToken {
    let token = AddedToken(
      id: id, content: try string("content"), isSingleWord: try bool("single_word"), stripsLeft: try bool("lstrip"),
      stripsRight: try bool("rstrip"), isNormalized: try bool("normalized"))
    let written = scalars(of: token.content)
    let pattern = token.isNormalized ? normalizer.normalize(written[...]) : written
    guard !pattern.isEmpty else { throw .emptyToken(file: file, key: path("content")) }
    guard pattern.count <= WordPieceTokenizer.maximumWordLength else {
      throw .tooLarge(
        file: file,
        what: "\(path("content")) has \(pattern.count) characters, more than \(WordPieceTokenizer.maximumWordLength)")
    }
    // A pattern may stand once among the written and once among the normalised tokens.
    guard seen.insert(pattern + (token.isNormalized ? [.max] : [])).inserted else {
      throw .repeatedToken(file: file, key: path("content"), token: token.content)
    }
    return token
  }
}
