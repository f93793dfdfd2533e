import LinearAlgebra

/// What a standard error is computed from: sums over examples of squares, beside the sums themselves.
///
/// With s = Σ_n f_n and q = Σ_n f_n² over N examples, the mean s/N has the standard error √((q − s²/N) / (N (N − 1))). For masks, f is
/// each head's and neuron's Fisher; for a full Fisher or a Gram matrix it is the trace of each tensor, one number, so that
/// memory stays as it is.
package enum SecondMoment {
  /// What follows a tensor's name in the name of its second moment.
  package static let suffix = ".second_moment"

  /// The standard error of a mean, from its sums; 0 for constant values, nil for fewer than two examples.
  package static func standardError(sum: Double, squares: Double, examples: Int) -> Double? {
    guard examples > 1 else { return nil }
    let n = Double(examples)
    // Nearly equal numbers leave rounding noise, which may be negative.
    return (max(0, squares - sum * sum / n) / (n * (n - 1))).squareRoot()
  }

  /// The relative standard error of a table of means: ‖standard errors‖₂ / ‖means‖₂, in which what weighs little counts little.
  ///
  /// - Returns: nil for fewer than two examples, or where all sums are zero.
  package static func relativeError(sums: [Double], squares: [Double], examples: Int) -> Double? {
    guard examples > 1 else { return nil }
    var (errors, means) = (0.0, 0.0)
    for (sum, square) in zip(sums, squares) {
      let error = standardError(sum: sum, squares: square, examples: examples) ?? 0
      let mean = sum / Double(examples)
      errors += error * error
      means += mean * mean
    }
    return means > 0 ? (errors / means).squareRoot() : nil
  }
}

/// One number per example of a block, whose squares are summed at its end.
struct Traces {
  private var values: [Double]

  init(_ examples: Int) { values = Array(repeating: 0, count: examples) }

  subscript(example: Int) -> Double {
    get { values[example] }
    set { values[example] = newValue }
  }

  var sumOfSquares: Double { values.reduce(0) { $0 + $1 * $1 } }
}

/// Σ x.
func sum(_ x: Vector<Double>) -> Double {
  var total = 0.0
  for value in x.buffer { total += value }
  return total
}
