import LinearAlgebra

/// Where each example's rows are in a matrix that holds the rows of all examples of a block, one after another.
///
/// Batches are ragged: the rows of example n are `offsets[n] ..< offsets[n + 1]`, and there are no others. Nothing is
/// padded, unless a published program is to be reproduced that counts padding (`docs/compatibility.md`): then the rows
/// behind ``attended(_:)`` are computed like the others, but no row looks at them.
package struct Segments: Sendable, Equatable {
  /// One more than there are examples, from 0 upward.
  package let offsets: [Int]
  /// The rows of each example that are keys, from its first on; nil where all are.
  private let attendedRows: [Int]?

  /// - Parameter attended: how many of each example's rows the attention looks at, from the first on: at least one; nil
  ///   for all.
  package init(offsets: [Int], attended: [Int]? = nil) {
    precondition(offsets.first == 0 && zip(offsets, offsets.dropFirst()).allSatisfy(<), "every example has rows")
    let lengths = zip(offsets, offsets.dropFirst()).map { $1 - $0 }
    if let attended {
      precondition(attended.count == lengths.count, "a number of attended rows for each example")
      precondition(zip(attended, lengths).allSatisfy { $0 > 0 && $0 <= $1 }, "attended rows are rows of the example")
    }
    self.offsets = offsets
    attendedRows = attended == lengths ? nil : attended
  }

  /// One row per example: the layout after the last layer's attention, where only the first token matters.
  package static func single(_ examples: Int) -> Segments { Segments(offsets: Array(0...examples)) }

  /// The number of examples.
  package var count: Int { offsets.count - 1 }
  /// The number of rows of all examples.
  package var rows: Int { offsets[offsets.count - 1] }

  package subscript(example: Int) -> Range<Int> { offsets[example]..<offsets[example + 1] }

  /// The number of rows of each example.
  package var lengths: [Int] { zip(offsets, offsets.dropFirst()).map { $1 - $0 } }

  /// Whether every row is a key for its example.
  package var isWhollyAttended: Bool { attendedRows == nil }

  /// The rows that the attention of an example looks at.
  package func attended(_ example: Int) -> Range<Int> {
    let start = offsets[example]
    return start..<(attendedRows.map { start + $0[example] } ?? offsets[example + 1])
  }

  /// The layout of each example's rows here, followed by its rows there.
  func joined(_ other: Segments) -> Segments {
    precondition(count == other.count, "layouts of the same examples")
    return Segments(offsets: zip(offsets, other.offsets).map(+))
  }

  /// Each example's first row of a matrix, [examples, D], in new memory.
  package func firstRows<Scalar: KernelScalar>(of x: Matrix<Scalar>, in arena: Arena) -> Matrix<Scalar> {
    let rows = arena.matrix(count, x.columns, of: Scalar.self)
    for example in 0..<count { copy(x.row(self[example].lowerBound), to: rows.row(example)) }
    return rows
  }
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
