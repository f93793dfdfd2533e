/// A token that is found in the text before the model sees it, such as "[MASK]".
package struct AddedToken: Sendable, Equatable {
  package let id: Int32
  package let content: String
  /// Only between scalars that are no letters, digits, marks or connectors.
  package let isSingleWord: Bool
  /// Takes the white space on its left.
  package let stripsLeft: Bool
  /// Takes the white space on its right.
  package let stripsRight: Bool
  /// Looked for in normalised text, in its own normalised form; otherwise in the text as it is written.
  package let isNormalized: Bool
}

/// Finds added tokens in text: leftmost first and longest at one place, never overlapping.
struct AddedTokenMatcher: Sendable {
  /// A stretch of text, or an added token that took its place.
  enum Piece: Equatable {
    case text(Range<Int>)
    case token(Int32)
  }

  private struct Pattern: Sendable {
    let scalars: [UInt32]
    let token: AddedToken
  }

  /// Patterns by their first scalar, the longest first.
  private var patterns: [UInt32: [Pattern]] = [:]
  /// Whether an ASCII scalar begins any pattern: spares the look-up for most of a text.
  private var startsInASCII = Array(repeating: false, count: 128)

  var isEmpty: Bool { patterns.isEmpty }

  /// - Parameter tokens: each with the scalars that stand for it in the text, not empty.
  init(_ tokens: [(scalars: [UInt32], token: AddedToken)]) {
    for (scalars, token) in tokens {
      guard let first = scalars.first else { continue }
      patterns[first, default: []].append(Pattern(scalars: scalars, token: token))
      if first < 128 { startsInASCII[Int(first)] = true }
    }
    for key in patterns.keys { patterns[key]?.sort { $0.scalars.count > $1.scalars.count } }
  }

  /// Cuts `text` into stretches of text and added tokens, in order.
  func pieces(of text: [UInt32]) -> [Piece] {
    var pieces: [Piece] = []
    var taken = 0
    var position = 0
    while position < text.count {
      guard let pattern = longestMatch(in: text, at: position) else {
        position += 1
        continue
      }
      var start = position
      var end = position + pattern.scalars.count
      position = end
      let token = pattern.token
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
      if taken < start { pieces.append(.text(taken..<start)) }
      pieces.append(.token(token.id))
      taken = end
    }
    if taken < text.count { pieces.append(.text(taken..<text.count)) }
    return pieces
  }

  private func longestMatch(in text: [UInt32], at position: Int) -> Pattern? {
    let first = text[position]
    if first < 128 && !startsInASCII[Int(first)] { return nil }
    return patterns[first]?.first { pattern in
      position + pattern.scalars.count <= text.count
        && pattern.scalars.indices.allSatisfy { text[position + $0] == pattern.scalars[$0] }
    }
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
