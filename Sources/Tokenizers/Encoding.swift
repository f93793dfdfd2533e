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
