import Checkpoints

/// Spells each piece by the tokens of the vocabulary, at each place the longest that fits (Wu et al. 2016; Devlin et
/// al. 2018). Tokens after the first of a piece begin with a prefix in the vocabulary.
struct WordPiece: TokenModel {
  static let typeName = "WordPiece"

  /// The greatest `max_input_chars_per_word`, ten times what every BERT has: what a word costs grows with its square.
  static let maximumWordLengthLimit = 1000

  let tokens: [Tokenizer.Token]
  /// Written for every piece that the tokens cannot spell.
  let unknownID: Int32
  let continuationPrefix: String
  /// Pieces with more scalars than this are unknown.
  let maximumWordLength: Int

  private let trie: TokenTrie
  /// The node below which continuing tokens hang; nil where no token begins with the prefix.
  private let continuationRoot: Int32?

  /// - Returns: nil where the vocabulary has no `unknownToken`.
  init?(tokens: [Tokenizer.Token], unknownToken: String, continuationPrefix: String, maximumWordLength: Int) {
    let trie = TokenTrie(tokens)
    guard let unknownID = trie.id(of: unknownToken) else { return nil }
    self.tokens = tokens
    self.unknownID = unknownID
    self.continuationPrefix = continuationPrefix
    self.maximumWordLength = maximumWordLength
    self.trie = trie
    continuationRoot = trie.node(of: continuationPrefix)
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"])
    let tokens = try section.vocabulary()
    let unknown = try section.string("unk_token")
    let length = try section.natural("max_input_chars_per_word")
    guard length <= Self.maximumWordLengthLimit else {
      throw section.unsupported(
        "max_input_chars_per_word", "\(length)", "at most \(Self.maximumWordLengthLimit)")
    }
    guard
      let model = WordPiece(
        tokens: tokens, unknownToken: unknown,
        continuationPrefix: try section.string("continuing_subword_prefix"), maximumWordLength: length)
    else {
      throw .missingToken(
        file: section.file, token: unknown, role: "unknown token (\(section.path("unk_token")))")
    }
    self = model
  }

  var meaning: JSON {
    [
      "continuing_subword_prefix": .string(continuationPrefix),
      "max_input_chars_per_word": .integer(maximumWordLength), "type": .string(Self.typeName),
      "unk_id": .integer(Int(unknownID)),
    ]
  }

  func id(of token: String) -> Int32? { trie.id(of: token) }

  func appendIDs(of text: PreTokenizedText, to ids: inout [Int32]) {
    for piece in text.pieces { appendIDs(of: text.scalars, in: piece, to: &ids) }
  }

  /// Appends the ids of the tokens that spell `scalars[range]`: one unknown id for the whole piece where none fits.
  private func appendIDs(of scalars: [UInt32], in range: Range<Int>, to output: inout [Int32]) {
    guard range.count <= maximumWordLength else {
      output.append(unknownID)
      return
    }
    let outputStart = output.count
    var position = range.lowerBound
    var root: Int32? = TokenTrie.root
    while position < range.upperBound {
      var node = root
      var best: (id: Int32, end: Int)?
      var end = position
      while end < range.upperBound, let current = node {
        node = trie.child(of: current, scalars[end])
        end += 1
        if let node, let id = trie.id(at: node) { best = (id, end) }
      }
      guard let best else {
        output.removeSubrange(outputStart...)
        output.append(unknownID)
        return
      }
      output.append(best.id)
      position = best.end
      root = continuationRoot
    }
  }
}

extension TokenizerSection {
  /// The object `vocab` of a model: its tokens with their ids, in the order of the file.
  func vocabulary() throws(TokenizerError) -> [Tokenizer.Token] {
    guard let members = try required("vocab").members else { throw wrongType("vocab", "an object") }
    // Their number and length decide about memory and, where text is made to fit them, about time.
    guard members.count <= Tokenizer.maximumTokens else {
      throw .tooLarge(
        file: file, what: "the vocabulary has \(members.count) tokens, more than \(Tokenizer.maximumTokens)")
    }
    var tokens: [Tokenizer.Token] = []
    tokens.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw wrongType("vocab[\"\(member.key)\"]", "an id below 2^31")
      }
      tokens.append(Tokenizer.Token(text: member.key, id: id))
    }
    return tokens
  }
}
