import Checkpoints

/// What a ``Replace`` looks for: a text, or a regular expression of the few kinds that tokenizers have.
///
/// An expression is one or more alternatives, of which the first that fits is taken. Each is a text, or one class of
/// scalars (a scalar, `\\s` or a set such as `[\\n\\r\\t]`), perhaps repeated (`+` or `{n,}`).
struct ReplacePattern: Sendable {
  private enum Alternative {
    case text([UInt32])
    case run(Set, atLeast: Int)
    /// One scalar of a class.
    case single(Set)
  }

  private struct Set: Sendable {
    var scalars: [UInt32] = []
    var hasWhiteSpace = false

    func contains(_ scalar: UInt32) -> Bool {
      scalars.contains(scalar) || hasWhiteSpace && RegexTraits.of(scalar).contains(.whiteSpace)
    }
  }

  private let alternatives: [Alternative]
  /// As the file writes it, for ``Tokenizer/identity``.
  let meaning: JSON

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["String", "Regex"])
    if section.json["String"] != nil {
      let text = try section.string("String")
      guard !text.isEmpty else { throw section.unsupported("String", "empty", "a text") }
      self.init(text: text)
    } else {
      let expression = try section.string("Regex")
      guard let pattern = ReplacePattern(expression: expression) else {
        throw section.unsupported(
          "Regex", "\"\(expression)\"", "alternatives of texts and of one repeated class, such as \" {2,}\"")
      }
      self = pattern
    }
  }

  /// - Parameter text: not empty.
  init(text: String) {
    alternatives = [.text(scalars(of: text))]
    meaning = ["String": .string(text)]
  }

  /// - Returns: nil where the expression is of another kind.
  init?(expression: String) {
    var parser = Parser(rest: scalars(of: expression)[...])
    guard let alternatives = parser.alternatives() else { return nil }
    self.alternatives = alternatives
    meaning = ["Regex": .string(expression)]
  }

  /// Where the match that begins at `position` ends; nil where none does.
  func matchEnd(in text: ArraySlice<UInt32>, at position: Int) -> Int? {
    for alternative in alternatives {
      switch alternative {
      case .text(let scalars):
        if text[position...].starts(with: scalars) { return position + scalars.count }
      case .run(let set, let least):
        var end = position
        while end < text.endIndex, set.contains(text[end]) { end += 1 }
        if end - position >= least { return end }
      case .single(let set):
        if set.contains(text[position]) { return position + 1 }
      }
    }
    return nil
  }

  /// Reads an expression; every method gives nil for what it does not know.
  private struct Parser {
    var rest: ArraySlice<UInt32>

    private static let special = scalars(of: "\\^$.|?*+()[]{}")

    mutating func alternatives() -> [Alternative]? {
      var found: [Alternative] = []
      repeat {
        guard let alternative = alternative() else { return nil }
        found.append(alternative)
      } while take("|")
      return rest.isEmpty ? found : nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard rest.first == scalar.value else { return false }
      rest.removeFirst()
      return true
    }

    private mutating func alternative() -> Alternative? {
      guard var set = set() else { return nil }
      if let least = repetition() { return rest.isEmpty || rest.first == 0x7C ? .run(set, atLeast: least) : nil }
      guard rest.first != nil, rest.first != 0x7C else {
        // One scalar of a class.
        return set.hasWhiteSpace || set.scalars.count != 1 ? .single(set) : .text(set.scalars)
      }
      var text: [UInt32] = []
      while true {
        guard !set.hasWhiteSpace, set.scalars.count == 1 else { return nil }
        text += set.scalars
        guard rest.first != nil, rest.first != 0x7C else { return .text(text) }
        guard let next = self.set(), repetition() == nil else { return nil }
        set = next
      }
    }

    private mutating func set() -> Set? {
      if take("[") {
        var set = Set()
        while !take("]") {
          guard rest.first != 0x2D, let member = member() else { return nil }
          set.scalars += member.scalars
          set.hasWhiteSpace = set.hasWhiteSpace || member.hasWhiteSpace
          // No ranges.
          if rest.first == 0x2D { return nil }
        }
        return set.scalars.isEmpty && !set.hasWhiteSpace ? nil : set
      }
      return member()
    }

    private mutating func member() -> Set? {
      guard let first = rest.popFirst() else { return nil }
      guard first == 0x5C else { return Self.special.contains(first) ? nil : Set(scalars: [first]) }
      guard let escaped = rest.popFirst() else { return nil }
      switch Unicode.Scalar(escaped) {
      case "s": return Set(hasWhiteSpace: true)
      case "n": return Set(scalars: [0x0A])
      case "r": return Set(scalars: [0x0D])
      case "t": return Set(scalars: [0x09])
      default: return Self.special.contains(escaped) ? Set(scalars: [escaped]) : nil
      }
    }

    /// The least number of repetitions of `+` or `{n,}`.
    private mutating func repetition() -> Int? {
      if rest.first == 0x2B {
        rest.removeFirst()
        return 1
      }
      guard rest.first == 0x7B, let end = rest.firstIndex(of: 0x7D) else { return nil }
      let inside = rest[(rest.startIndex + 1)..<end]
      guard inside.last == 0x2C, (2...4).contains(inside.count) else { return nil }
      var least = 0
      for digit in inside.dropLast() {
        guard (0x30...0x39).contains(digit) else { return nil }
        least = least * 10 + Int(digit - 0x30)
      }
      guard least > 0 else { return nil }
      rest = rest[(end + 1)...]
      return least
    }
  }
}
