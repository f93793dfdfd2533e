import LinearAlgebra

/// What a standard error is computed from: sums over examples of squares, beside the sums themselves.
///
/// With s = Σ_n f_n and q = Σ_n f_n² over N examples, the mean s/N has the standard error √((q − s²/N) / (N (N − 1))).
/// For masks, f is each head's and neuron's Fisher; for a full Fisher or a Gram matrix it is the trace of each tensor,
/// one number, so that memory stays as it is. Σ_n of these traces is kept too: it is known without a pass over the
/// tensor.
package enum SecondMoment {
  /// What follows a tensor's name in the name of its second moment.
  package static let suffix = ".second_moment"
  /// What follows a large tensor's name in the name of its trace: of a diagonal Fisher the sum of all entries, of a
  /// Gram matrix that of its diagonal.
  package static let traceSuffix = ".trace"

  /// The standard error of a mean, from its sums; 0 for constant values, nil for fewer than two examples.
  package static func standardError(sum: Double, squares: Double, examples: Int) -> Double? {
    guard examples > 1 else { return nil }
    let n = Double(examples)
    // Nearly equal numbers leave rounding noise, which may be negative.
    return (max(0, squares - sum * sum / n) / (n * (n - 1))).squareRoot()
  }

  /// The relative standard error of a table of means: ‖standard errors‖₂ / ‖means‖₂, in which what weighs little counts
  /// little.
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

  /// From partial sums, ``traceLanes`` for each example.
  init(_ lanes: Vector<Double>) {
    values = stride(from: 0, to: lanes.count, by: traceLanes).map {
      lanes[$0..<$0 + traceLanes].buffer.reduce(0, +)
    }
  }

  var count: Int { values.count }

  mutating func add(_ other: Traces) {
    for example in values.indices { values[example] += other.values[example] }
  }

  subscript(example: Int) -> Double {
    get { values[example] }
    set { values[example] = newValue }
  }

  var sum: Double { values.reduce(0, +) }
  var sumOfSquares: Double { values.reduce(0) { $0 + $1 * $1 } }
}

/// The examples' traces at sites that several layers use, until all of these have been seen.
struct OpenTraces<Site: Hashable> {
  private var open: [Site: (traces: Traces, uses: Int)] = [:]

  /// - Parameter uses: how many layers use the site.
  /// - Returns: the traces over all uses, when this was the last.
  mutating func add(_ traces: Traces, at site: Site, uses: Int) -> Traces? {
    guard uses > 1 else { return traces }
    var all = open[site] ?? (Traces(traces.count), 0)
    all.traces.add(traces)
    all.uses += 1
    open[site] = all.uses < uses ? all : nil
    return all.uses < uses ? nil : all.traces
  }
}

extension FixedPointSums {
  /// Adds a block's traces of one tensor to the tensor's trace and second moment.
  func add(_ traces: Traces, trace: Int, moment: Int, scratch: Arena) {
    let value = scratch.vector(1, of: Double.self)
    value[0] = traces.sum
    close(trace, terms: 1, magnitude: add(value, to: trace))
    value[0] = traces.sumOfSquares
    close(moment, terms: 1, magnitude: add(value, to: moment))
  }
}

/// Σ x.
func sum(_ x: Vector<Double>) -> Double {
  var total = 0.0
  for value in x.buffer { total += value }
  return total
}
