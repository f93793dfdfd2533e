import Checkpoints

/// Spells each piece by merging neighbouring tokens, at each step the pair that was learnt first, at equal rank the
/// leftmost (Sennrich et al. 2016).
struct BPE: TokenModel {
  static let typeName = "BPE"

  /// What the file says beside vocabulary and merges.
  struct Settings: Sendable {
    /// Stands before every token of a piece but the first, in the vocabulary.
    var continuationPrefix = ""
    /// Stands after the last token of a piece, in the vocabulary.
    var wordSuffix = ""
    /// Written for scalars that the vocabulary lacks; they are dropped where it is nil.
    var unknownToken: String?
    /// Write one unknown token for several in a row.
    var fusesUnknown = false
    /// Spell unknown scalars by tokens such as <0x0A>.
    var fallsBackToBytes = false
    /// Take a piece that is a token as it is.
    var ignoresMerges = false
  }

  /// Two ids that become one.
  struct Merge: Sendable, Equatable {
    let left: Int32
    let right: Int32
    let whole: Int32
  }

  let tokens: [Tokenizer.Token]
  let settings: Settings
  /// By rank, each pair once.
  let merges: [Merge]

  private let ids: TokenTrie
  private let unknownID: Int32?
  /// The rank of a pair, by (left << 32 | right).
  private let ranks: [UInt64: Int32]
  private let alphabet: BPEAlphabet

  /// - Parameter merges: in the order in which they were learnt. Of equal pairs the last one counts.
  /// - Returns: nil where the vocabulary lacks the unknown token.
  init?(tokens: [Tokenizer.Token], merges: [Merge], settings: Settings) {
    self.tokens = tokens
    self.settings = settings
    ids = TokenTrie(tokens)
    unknownID = settings.unknownToken.flatMap(ids.id(of:))
    if settings.unknownToken != nil && unknownID == nil { return nil }
    var last: [UInt64: Int] = [:]
    last.reserveCapacity(merges.count)
    for (index, merge) in merges.enumerated() { last[Self.key(merge.left, merge.right)] = index }
    let kept = merges.indices.filter { last[Self.key(merges[$0].left, merges[$0].right)] == $0 }.map { merges[$0] }
    self.merges = kept
    var ranks: [UInt64: Int32] = [:]
    ranks.reserveCapacity(kept.count)
    for (rank, merge) in kept.enumerated() { ranks[Self.key(merge.left, merge.right)] = Int32(rank) }
    self.ranks = ranks
    alphabet = BPEAlphabet(tokens, settings)
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  var meaning: JSON {
    [
      "byte_fallback": .bool(settings.fallsBackToBytes),
      "continuing_subword_prefix": .string(settings.continuationPrefix),
      "end_of_word_suffix": .string(settings.wordSuffix), "fuse_unk": .bool(settings.fusesUnknown),
      "ignore_merges": .bool(settings.ignoresMerges),
      "merges": .array(merges.map { .array([.integer(Int($0.left)), .integer(Int($0.right))]) }),
      "type": .string(Self.typeName), "unk_id": unknownID.map { .integer(Int($0)) } ?? .null,
    ]
  }

  func id(of token: String) -> Int32? { ids.id(of: token) }

  func appendIDs(of text: PreTokenizedText, to output: inout [Int32]) {
    for piece in text.pieces {
      let scalars = text.scalars[piece]
      if settings.ignoresMerges, let id = ids.id(of: scalars) {
        output.append(id)
      } else {
        var symbols: [Int32] = []
        appendSymbols(of: scalars, to: &symbols)
        appendMerged(symbols, to: &output)
      }
    }
  }

  /// Appends the ids of the single scalars of a piece.
  private func appendSymbols(of piece: ArraySlice<UInt32>, to symbols: inout [Int32]) {
    symbols.reserveCapacity(piece.count)
    var pending: Int32?
    for index in piece.indices {
      let (isFirst, isLast) = (index == piece.startIndex, index == piece.endIndex - 1)
      if let id = alphabet.id(of: piece[index], isFirst: isFirst, isLast: isLast) {
        if let unknown = pending { symbols.append(unknown) }
        pending = nil
        symbols.append(id)
      } else if let bytes = alphabet.bytes(of: piece[index], isFirst: isFirst, isLast: isLast) {
        // As in tokenizers, unknown scalars before them come after them.
        symbols += bytes
      } else if let unknownID {
        if let unknown = pending, !settings.fusesUnknown { symbols.append(unknown) }
        pending = unknownID
      }
    }
    if let unknown = pending { symbols.append(unknown) }
  }

  /// Appends `symbols` after all merges.
  private func appendMerged(_ symbols: [Int32], to output: inout [Int32]) {
    guard symbols.count > 1 else {
      output += symbols
      return
    }
    var symbols = symbols
    // Places of the neighbours; a symbol that was merged away is -1.
    var next = Array(1...symbols.count)
    var previous = Array(-1..<(symbols.count - 1))
    // Candidates by (rank << 32 | place of the left one).
    var queue = MinimumHeap()
    func add(_ left: Int) {
      guard left >= 0, next[left] < symbols.count,
        let rank = ranks[Self.key(symbols[left], symbols[next[left]])]
      else { return }
      queue.insert(UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(left))
    }
    for place in 0..<(symbols.count - 1) { add(place) }
    while let candidate = queue.popMinimum() {
      let (merge, left) = (merges[Int(candidate >> 32)], Int(candidate & 0xFFFF_FFFF))
      guard symbols[left] >= 0, next[left] < symbols.count else { continue }
      let right = next[left]
      // Either may have changed since.
      guard symbols[left] == merge.left, symbols[right] == merge.right else { continue }
      symbols[left] = merge.whole
      symbols[right] = -1
      next[left] = next[right]
      if next[right] < symbols.count { previous[next[right]] = left }
      add(previous[left])
      add(left)
    }
    for symbol in symbols where symbol >= 0 { output.append(symbol) }
  }
}
