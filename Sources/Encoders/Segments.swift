/// Where each example's rows are in a matrix that holds the rows of all examples of a block, one after another.
///
/// Batches are ragged: nothing is padded, so the rows of example n are `offsets[n] ..< offsets[n + 1]` and there are no others.
package struct Segments: Sendable, Equatable {
  /// One more than there are examples, from 0 upward.
  package let offsets: [Int]

  package init(offsets: [Int]) {
    precondition(offsets.first == 0 && zip(offsets, offsets.dropFirst()).allSatisfy(<), "every example has rows")
    self.offsets = offsets
  }

  /// One row per example: the layout after the last layer's attention, where only the first token matters.
  package static func single(_ examples: Int) -> Segments { Segments(offsets: Array(0...examples)) }

  /// The number of examples.
  package var count: Int { offsets.count - 1 }
  /// The number of rows of all examples.
  package var rows: Int { offsets[offsets.count - 1] }

  package subscript(example: Int) -> Range<Int> { offsets[example]..<offsets[example + 1] }
}

/// The token sequences of one block, concatenated.
package struct TokenBatch: Sendable {
  /// The ids of all tokens, [T].
  package let tokens: [Int32]
  /// The token type of each, [T].
  package let types: [Int32]
  package let segments: Segments

  package init(tokens: [Int32], types: [Int32], segments: Segments) {
    precondition(tokens.count == segments.rows && types.count == segments.rows, "one id and one type per row")
    self.tokens = tokens
    self.types = types
    self.segments = segments
  }
}
