/// The pieces of a WordPiece model as a trie over Unicode scalars, for greedy longest-first matching.
///
/// A step of the trie is one look-up in a flat hash table, so that a word costs its length times the number of its
/// pieces at most, and nothing is allocated. Pieces are told apart scalar by scalar, which is byte by byte: canonically
/// equivalent spellings are different pieces.
struct WordPieceVocabulary: Sendable {
  /// Written for every word that the pieces cannot spell.
  let unknownID: Int32
  /// Words with more scalars than this are unknown.
  let maximumWordLength: Int

  /// Open addressing: (node << 21 | scalar), `free` where a slot is unused.
  private var keys: [UInt64]
  private var children: [Int32]
  /// The id of the piece that ends at each node, -1 where none does.
  private var ids: [Int32] = [-1]
  /// The node below which continuing pieces hang; nil where no piece begins with the prefix.
  private var continuationRoot: Int32?

  private static let free = UInt64.max

  /// - Parameters:
  ///   - pieces: scalars and id of every piece; where one occurs twice the last id counts.
  init(pieces: [(scalars: [UInt32], id: Int32)], model: WordPieceTokenizer.Model) {
    unknownID = model.unknownID
    maximumWordLength = model.maximumWordLength
    var capacity = 64
    while capacity < 2 * pieces.reduce(0, { $0 + $1.scalars.count }) { capacity *= 2 }
    keys = Array(repeating: Self.free, count: capacity)
    children = Array(repeating: 0, count: capacity)
    for (scalars, id) in pieces {
      var node: Int32 = 0
      for scalar in scalars { node = insertChild(of: node, scalar) }
      ids[Int(node)] = id
    }
    var node: Int32? = 0
    for scalar in scalars(of: model.continuationPrefix) { node = node.flatMap { child(of: $0, scalar) } }
    continuationRoot = node
  }

  private func slot(of key: UInt64) -> Int {
    let mask = UInt64(keys.count - 1)
    var slot = (key &* 0x9E37_79B9_7F4A_7C15) >> 20 & mask
    while keys[Int(slot)] != key && keys[Int(slot)] != Self.free { slot = (slot + 1) & mask }
    return Int(slot)
  }

  private func child(of node: Int32, _ scalar: UInt32) -> Int32? {
    let slot = slot(of: UInt64(UInt32(node)) << 21 | UInt64(scalar))
    return keys[slot] == Self.free ? nil : children[slot]
  }

  private mutating func insertChild(of node: Int32, _ scalar: UInt32) -> Int32 {
    let key = UInt64(UInt32(node)) << 21 | UInt64(scalar)
    let slot = slot(of: key)
    if keys[slot] == Self.free {
      keys[slot] = key
      children[slot] = Int32(ids.count)
      ids.append(-1)
    }
    return children[slot]
  }

  /// Appends the ids of the pieces of the word `scalars[range]`: at each place the longest piece that fits; one unknown
  /// id for the whole word where none fits.
  func appendPieces(of scalars: [UInt32], in range: Range<Int>, to output: inout [Int32]) {
    guard range.count <= maximumWordLength else {
      output.append(unknownID)
      return
    }
    let outputStart = output.count
    var position = range.lowerBound
    var root: Int32? = 0
    while position < range.upperBound {
      var node = root
      var best: (id: Int32, end: Int)?
      var end = position
      while end < range.upperBound, let current = node {
        node = child(of: current, scalars[end])
        end += 1
        if let node, ids[Int(node)] >= 0 { best = (ids[Int(node)], end) }
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
