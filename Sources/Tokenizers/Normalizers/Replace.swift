import Checkpoints

/// Writes one text for every match of a pattern.
struct Replace: Normalizer {
  static let typeName = "Replace"

  let pattern: ReplacePattern
  let content: String

  init(_ pattern: ReplacePattern, with content: String) {
    self.pattern = pattern
    self.content = content
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "pattern", "content"])
    self.init(try ReplacePattern(section.section("pattern")), with: try section.string("content"))
  }

  var meaning: JSON {
    ["content": .string(content), "pattern": pattern.meaning, "type": .string(Self.typeName)]
  }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] {
    replaced(text, leading: 0).text
  }

  /// What a match becomes stems from the last scalar of the match.
  func normalizedCount(of count: Int, in text: ArraySlice<UInt32>) -> Int { replaced(text, leading: count).leading }

  private func replaced(_ text: ArraySlice<UInt32>, leading: Int) -> (text: [UInt32], leading: Int) {
    let content = scalars(of: content)
    var output: [UInt32] = []
    output.reserveCapacity(text.count)
    var (position, count) = (text.startIndex, 0)
    while position < text.endIndex {
      if let end = pattern.matchEnd(in: text, at: position) {
        output += content
        position = end
      } else {
        output.append(text[position])
        position += 1
      }
      if position - text.startIndex <= leading { count = output.count }
    }
    return (output, count)
  }
}
