import Checkpoints

/// Spells each piece by the tokens whose scores have the greatest sum (Kudo 2018), found by the algorithm of Viterbi.
struct Unigram: TokenModel {
  static let typeName = "Unigram"

  /// The score of a scalar that the vocabulary lacks, below its least score.
  private static let unknownPenalty = 10.0

  let tokens: [Tokenizer.Token]
  /// The score of each token, by id.
  let scores: [Double]
  /// Written for what the tokens cannot spell; one for several scalars in a row.
  let unknownID: Int32
  /// Spell unknown text by tokens such as <0x0A>.
  let fallsBackToBytes: Bool

  private let trie: TokenTrie
  private let unknownScore: Double
  private let byteIDs: [Int32?]

  /// - Parameter vocabulary: tokens with their scores; their ids are their places.
  /// - Returns: nil where `unknownID` is none of them.
  init?(vocabulary: [(token: String, score: Double)], unknownID: Int, fallsBackToBytes: Bool = false) {
    guard vocabulary.indices.contains(unknownID), let id = Int32(exactly: unknownID) else { return nil }
    tokens = vocabulary.enumerated().map { Tokenizer.Token(text: $0.element.token, id: Int32($0.offset)) }
    scores = vocabulary.map(\.score)
    self.unknownID = id
    self.fallsBackToBytes = fallsBackToBytes
    trie = TokenTrie(tokens)
    unknownScore = scores.reduce(.infinity) { $1 < $0 ? $1 : $0 } - Self.unknownPenalty
    byteIDs = fallsBackToBytes ? ByteTokens.ids(of: tokens) : []
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "unk_id", "vocab", "byte_fallback"])
    let vocabulary = try section.scoredVocabulary()
    guard section.optional("unk_id") != nil else { throw section.unsupported("unk_id", "null", "an id") }
    let unknownID = try section.natural("unk_id")
    guard
      let model = Unigram(
        vocabulary: vocabulary, unknownID: unknownID,
        fallsBackToBytes: try section.optionalBool("byte_fallback") ?? false)
    else { throw section.wrongType("unk_id", "the id of one of the \(vocabulary.count) tokens") }
    self = model
  }

  var meaning: JSON {
    [
      "byte_fallback": .bool(fallsBackToBytes), "scores": .array(scores.map { .number($0) }),
      "type": .string(Self.typeName), "unk_id": .integer(Int(unknownID)),
    ]
  }

  func id(of token: String) -> Int32? { trie.id(of: token) }

  func appendIDs(of text: PreTokenizedText, to ids: inout [Int32]) {
    var lattice = Lattice()
    for piece in text.pieces { appendIDs(of: text.scalars[piece], &lattice, to: &ids) }
  }

  /// The best way to each place of a piece.
  private struct Lattice {
    /// The sum of the scores on it.
    var scores: [Double] = []
    /// Where its last token begins; -1 where there is no way.
    var starts: [Int] = []
    /// Its last token.
    var ids: [Int32] = []

    mutating func clear(_ count: Int) {
      scores.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
      scores += repeatElement(0, count: count + 1)
      starts += repeatElement(-1, count: count + 1)
      ids += repeatElement(0, count: count + 1)
    }

    mutating func offer(_ id: Int32, from start: Int, to end: Int, _ score: Double) {
      guard starts[end] < 0 || score > scores[end] else { return }
      scores[end] = score
      starts[end] = start
      ids[end] = id
    }
  }

  private func appendIDs(of piece: ArraySlice<UInt32>, _ lattice: inout Lattice, to output: inout [Int32]) {
    let (base, count) = (piece.startIndex, piece.count)
    lattice.clear(count)
    for start in 0..<count {
      let score = lattice.scores[start]
      var node = TokenTrie.root
      var end = start
      var hasSingle = false
      while end < count, let child = trie.child(of: node, piece[base + end]) {
        node = child
        end += 1
        guard let id = trie.id(at: node) else { continue }
        lattice.offer(id, from: start, to: end, scores[Int(id)] + score)
        if end == start + 1 { hasSingle = true }
      }
      if !hasSingle { lattice.offer(unknownID, from: start, to: start + 1, unknownScore + score) }
    }
    // Backwards, unknown tokens in a row as one.
    var words: [(range: Range<Int>, id: Int32)] = []
    var end = count
    while end > 0 {
      let (start, id) = (lattice.starts[end], lattice.ids[end])
      if id == unknownID, let last = words.last, last.id == unknownID {
        words[words.count - 1].range = start..<last.range.upperBound
      } else {
        words.append((start..<end, id))
      }
      end = start
    }
    for word in words.reversed() {
      if word.id == unknownID {
        appendUnknown(piece[(base + word.range.lowerBound)..<(base + word.range.upperBound)], to: &output)
      } else {
        output.append(word.id)
      }
    }
  }

  /// Appends what stands for unknown text: the token that it happens to be, its bytes, or the unknown token.
  private func appendUnknown(_ text: ArraySlice<UInt32>, to output: inout [Int32]) {
    if let id = trie.id(of: text) {
      output.append(id)
      return
    }
    if fallsBackToBytes {
      let bytes = UTF8Text.bytes(of: text).map { byteIDs[Int($0)] }
      let ids = bytes.compactMap(\.self)
      if ids.count == bytes.count {
        output += ids
        return
      }
    }
    output.append(unknownID)
  }
}

extension TokenizerSection {
  /// The list `vocab` of a model: its tokens with their scores, in the order of their ids.
  func scoredVocabulary() throws(TokenizerError) -> [(token: String, score: Double)] {
    let list = try array("vocab")
    guard list.count <= Tokenizer.maximumTokens else {
      throw .tooLarge(
        file: file, what: "the vocabulary has \(list.count) tokens, more than \(Tokenizer.maximumTokens)")
    }
    var vocabulary: [(token: String, score: Double)] = []
    vocabulary.reserveCapacity(list.count)
    for (index, json) in list.enumerated() {
      guard let pair = json.array, pair.count == 2, let token = pair[0].string, let score = pair[1].double,
        score.isFinite
      else { throw wrongType("vocab[\(index)]", "a token and its score") }
      vocabulary.append((token, score))
    }
    return vocabulary
  }
}
