import Encoders
import LinearAlgebra

/// Which rows of the gradients at a layer's outputs, [S · R, d], belong to which example and column.
struct OutputRows {
  /// Every column's examples, one column after the other: rows `offsets[i] ..< offsets[i + 1]` are one example's.
  private(set) var offsets = [0]
  /// Σ ‖g‖² of each example, over all columns.
  private(set) var traces: Traces

  init<Scalar: KernelScalar>(_ g: Matrix<Scalar>, _ segments: Segments) {
    traces = Traces(segments.count)
    guard segments.rows > 0 else { return }
    for column in 0..<g.rows / segments.rows {
      for example in 0..<segments.count {
        let rows = segments[example]
        offsets.append(column * segments.rows + rows.upperBound)
        for row in rows { traces[example] += sumOfSquares(of: g.row(column * segments.rows + row)) }
      }
    }
  }
}
