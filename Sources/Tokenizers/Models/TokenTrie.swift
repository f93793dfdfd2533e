/// The tokens of a vocabulary as a trie over Unicode scalars.
///
/// A step of the trie is one look-up in a flat hash table, so that matching a word allocates nothing. Tokens are told
/// apart scalar by scalar, which is byte by byte: canonically equivalent spellings are different tokens.
struct TokenTrie: Sendable {
  static let root: Int32 = 0

  /// Open addressing: (node << 21 | scalar), `free` where a slot is unused.
  private var keys: [UInt64]
  private var children: [Int32]
  /// The id of the token that ends at each node, -1 where none does.
  private var ids: [Int32] = [-1]

  private static let free = UInt64.max

  /// - Parameter tokens: where one occurs twice the last id counts.
  init(_ tokens: [Tokenizer.Token]) {
    var capacity = 64
    while capacity < 2 * tokens.reduce(0, { $0 + $1.text.unicodeScalars.count }) { capacity *= 2 }
    keys = Array(repeating: Self.free, count: capacity)
    children = Array(repeating: 0, count: capacity)
    for token in tokens {
      var node = Self.root
      for scalar in token.text.unicodeScalars { node = insertChild(of: node, scalar.value) }
      ids[Int(node)] = token.id
    }
  }

  private func slot(of key: UInt64) -> Int {
    let mask = UInt64(keys.count - 1)
    var slot = (key &* 0x9E37_79B9_7F4A_7C15) >> 20 & mask
    while keys[Int(slot)] != key && keys[Int(slot)] != Self.free { slot = (slot + 1) & mask }
    return Int(slot)
  }

  /// The node one scalar below `node`.
  func child(of node: Int32, _ scalar: UInt32) -> Int32? {
    let slot = slot(of: UInt64(UInt32(node)) << 21 | UInt64(scalar))
    return keys[slot] == Self.free ? nil : children[slot]
  }

  /// The id of the token that ends at `node`.
  func id(at node: Int32) -> Int32? {
    let id = ids[Int(node)]
    return id >= 0 ? id : nil
  }

  /// The node at the end of `text`; nil where no token begins with it.
  func node(of text: String) -> Int32? {
    var node: Int32? = Self.root
    for scalar in text.unicodeScalars { node = node.flatMap { child(of: $0, scalar.value) } }
    return node
  }

  /// The id of the token `text`.
  func id(of text: ArraySlice<UInt32>) -> Int32? {
    var node = Self.root
    for scalar in text {
      guard let child = child(of: node, scalar) else { return nil }
      node = child
    }
    return id(at: node)
  }

  /// The id of `token`.
  func id(of token: String) -> Int32? { node(of: token).flatMap(id(at:)) }

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
}
