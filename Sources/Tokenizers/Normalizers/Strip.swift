import Checkpoints

/// Removes white space from the ends of the text.
struct Strip: Normalizer {
  static let typeName = "Strip"

  let left: Bool
  let right: Bool

  init(left: Bool, right: Bool) {
    self.left = left
    self.right = right
  }

  init(_ section: TokenizerSection) throws(TokenizerError) {
    try section.requireKeys(["type", "strip_left", "strip_right"])
    self.init(left: try section.bool("strip_left"), right: try section.bool("strip_right"))
  }

  var meaning: JSON { ["strip_left": .bool(left), "strip_right": .bool(right), "type": .string(Self.typeName)] }

  func normalize(_ text: ArraySlice<UInt32>) -> [UInt32] { Array(stripped(text)) }

  func normalizedCount(of count: Int, in text: ArraySlice<UInt32>) -> Int {
    let kept = stripped(text)
    return min(max(count - (kept.startIndex - text.startIndex), 0), kept.count)
  }

  private func stripped(_ text: ArraySlice<UInt32>) -> ArraySlice<UInt32> {
    var text = text
    if left { text = text.drop { ScalarTraits.of($0).contains(.whiteSpace) } }
    if right {
      while let last = text.last, ScalarTraits.of(last).contains(.whiteSpace) { text.removeLast() }
    }
    return text
  }
}
