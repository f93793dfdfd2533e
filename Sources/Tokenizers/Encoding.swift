/// One text or pair as the model reads it.
package struct Encoding: Sendable, Equatable {
  /// Token ids, special tokens included.
  package let ids: [Int32]
  /// Segment of each id: 0 for the first text, 1 for the second.
  package let typeIDs: [Int32]
  /// Tokens of the texts before anything was cut, special tokens not counted.
  package let textTokenCount: Int
  /// Whether tokens were cut to keep the greatest length.
  package let isTruncated: Bool

  package init(ids: [Int32], typeIDs: [Int32], textTokenCount: Int, isTruncated: Bool) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.textTokenCount = textTokenCount
    self.isTruncated = isTruncated
  }
}

/// From which end tokens are cut.
package enum TruncationSide: String, Sendable, Equatable {
  case left, right
}

/// How many tokens of each text are kept when both together may have `maximum`: the strategy `longest_first` of
/// `tokenizers`. The longer text is cut until both are equally long, then both; an odd token goes to the longer text, to
/// the second one where they are equally long.
func longestFirstLengths(_ first: Int, _ second: Int, maximum: Int) -> (first: Int, second: Int) {
  guard first + second > maximum else { return (first, second) }
  let shorter = min(first, second)
  let half = maximum / 2
  let kept = shorter <= half ? (shorter, maximum - shorter) : (half, maximum - half)
  return first > second ? (kept.1, kept.0) : kept
}
