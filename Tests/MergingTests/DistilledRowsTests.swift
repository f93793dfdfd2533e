import LinearAlgebra
import Testing

@testable import Merging

/// Rows of embedding tables under a metric.
@Suite("Rows of tables in distillation")
struct DistilledRowsTests {
  @Test("without a metric a row is the weighted mean; weights follow counts, and changes where there are none")
  func weights() throws {
    let coefficients = try Coefficients([1, 1], models: ["a", "b"])
    let weights = try DistilledRows.weights(
      counts: [[3, 1, 0, 0], [1, 1, 2, 0]], deviations: [[1, 1, 1, 3], [1, 1, 1, 1]], coefficients: coefficients)
    for row in 0..<4 { #expect(abs(weights[0][row] + weights[1][row] - 1) < 1e-15) }
    let least = 1e-6 / 4
    // (count + share) / total, with shares of one half where both changed a row alike.
    #expect(abs(weights[0][0] - (3.5 / 4 + least) / (3.5 / 4 + 1.5 / 4 + 2 * least)) < 1e-15)
    #expect(abs(weights[0][2] - (0.5 / 4 + least) / (0.5 / 4 + 2.5 / 4 + 2 * least)) < 1e-15)
    // Nobody has the last token: who changed it thrice as much has nine tenths.
    #expect(abs(weights[0][3] - (0.9 / 4 + least) / (1.0 / 4 + 2 * least)) < 1e-15)
    #expect(throws: MergingError.self) {
      try DistilledRows.weights(
        counts: [[0, 0], [1, 1]], deviations: [[0, 0], [0, 0]], coefficients: coefficients)
    }
  }

  @Test("under a metric a row solves its normal equations")
  func metric() {
    let (d, rows) = (6, 3)
    var random = SplitMix64(seed: 5)
    func metric() -> (LowRankMetric, [[Double]]) {
      let gradient = (0..<d).map { _ in Double.random(in: -1...1, using: &random) }
      let trace = gradient.reduce(0) { $0 + $1 * $1 }
      let (y, identity) = (Buffer<Double>(count: d * d), Buffer<Double>(count: d * d))
      for a in 0..<d {
        identity.vector[a * d + a] = 1
        for b in 0..<d { y.vector[a * d + b] = gradient[a] * gradient[b] }
      }
      let own = withExtendedLifetime((y, identity)) {
        LowRankMetric(
          sketch: y.vector.matrix(rows: d, columns: d), trace: trace,
          projection: identity.vector.matrix(rows: d, columns: d), rank: 1, floor: 0.1)
      }
      let dense = (0..<d).map { a in
        (0..<d).map { b in (a == b ? 0.1 : 0) + 0.9 * Double(d) * gradient[a] * gradient[b] / trace }
      }
      return (own, dense)
    }
    let metrics = [metric(), metric()]
    let sources = (0..<2).map { _ in Tensor.random(rows: rows, columns: d, &random) }
    let weights = [[0.3, 0.9, 0.5], [0.7, 0.1, 0.5]]
    let target = Tensor(rows: rows, columns: d)
    DistilledRows(metric: CommonMetric(metrics.map(\.0))).merge(
      sources.map(\.matrix), weights: weights, into: target.matrix)
    for row in 0..<rows {
      for output in 0..<d {
        var rest = 0.0
        for model in 0..<2 {
          for other in 0..<d {
            rest +=
              weights[model][row] * metrics[model].1[output][other]
              * Double(target.matrix[row, other] - sources[model].matrix[row, other])
          }
        }
        // The row is rounded to single precision, and the metric's entries are below 6.
        #expect(abs(rest) < 5e-6, "\(rest)")
      }
    }
    let plain = Tensor(rows: rows, columns: d)
    DistilledRows(metric: nil).merge(sources.map(\.matrix), weights: weights, into: plain.matrix)
    for row in 0..<rows {
      for output in 0..<d {
        let mean = (0..<2).reduce(0) { $0 + weights[$1][row] * Double(sources[$1].matrix[row, output]) }
        #expect(abs(Double(plain.matrix[row, output]) - mean) < 1e-7)
      }
    }
    #expect(zip(plain.array, target.array).contains { abs($0 - $1) > 1e-3 })
  }
}
