/// Finds added tokens in text: leftmost first and longest at one place, never overlapping.
struct AddedTokenMatcher: Sendable {
  /// A stretch of text, or an added token that took its place.
  enum Stretch: Equatable {
    case text(Range<Int>)
    case token(Int32)
  }

  private struct Match {
    let token: AddedToken
    let end: Int
  }

  /// A trie, so that a place in a text costs no more than the longest token, however many there are: the child of a
  /// node, by (node << 21 | scalar).
  private var children: [UInt64: Int32] = [:]
  /// The token that ends at each node.
  private var tokens: [AddedToken?] = [nil]
  /// Whether an ASCII scalar begins any pattern: spares the look-up for most of a text.
  private var startsInASCII = Array(repeating: false, count: 128)

  private var isEmpty: Bool { tokens.count == 1 }

  /// - Parameter tokens: each with the scalars that stand for it in the text, not empty.
  init(_ tokens: [(scalars: [UInt32], token: AddedToken)]) {
    for (scalars, token) in tokens {
      guard let first = scalars.first else { continue }
      var node: Int32 = 0
      for scalar in scalars {
        let key = Self.key(node, scalar)
        if let child = children[key] {
          node = child
        } else {
          node = Int32(self.tokens.count)
          children[key] = node
          self.tokens.append(nil)
        }
      }
      if self.tokens[Int(node)] == nil { self.tokens[Int(node)] = token }
      if first < 128 { startsInASCII[Int(first)] = true }
    }
  }

  private static func key(_ node: Int32, _ scalar: UInt32) -> UInt64 { UInt64(UInt32(node)) << 21 | UInt64(scalar) }

  /// Cuts `text` into stretches of text and added tokens, in order.
  func stretches(of text: [UInt32]) -> [Stretch] {
    guard !isEmpty else { return text.isEmpty ? [] : [.text(0..<text.count)] }
    var stretches: [Stretch] = []
    var taken = 0
    var position = 0
    while position < text.count {
      guard let match = longestMatch(in: text, at: position) else {
        position += 1
        continue
      }
      var start = position
      var end = match.end
      position = end
      let token = match.token
      if token.isSingleWord {
        let touchesLeft = start > 0 && Self.isWord(text[start - 1])
        let touchesRight = end < text.count && Self.isWord(text[end])
        if touchesLeft || touchesRight { continue }
      }
      if token.stripsLeft {
        while start > 0, ScalarTraits.of(text[start - 1]).contains(.whiteSpace) { start -= 1 }
      }
      if token.stripsRight {
        while end < text.count, ScalarTraits.of(text[end]).contains(.whiteSpace) { end += 1 }
      }
      if taken < start { stretches.append(.text(taken..<start)) }
      stretches.append(.token(token.id))
      taken = end
    }
    if taken < text.count { stretches.append(.text(taken..<text.count)) }
    return stretches
  }

  private func longestMatch(in text: [UInt32], at position: Int) -> Match? {
    if text[position] < 128 && !startsInASCII[Int(text[position])] { return nil }
    var best: Match?
    var node: Int32 = 0
    for place in position..<text.count {
      guard let child = children[Self.key(node, text[place])] else { break }
      node = child
      if let token = tokens[Int(node)] { best = Match(token: token, end: place + 1) }
    }
    return best
  }

  /// A word character in the sense of a regular expression's \w (UTS #18, annex C).
  private static func isWord(_ value: UInt32) -> Bool {
    guard let scalar = Unicode.Scalar(value) else { return false }
    let properties = scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
