import Encoders
import LinearAlgebra
import Merging
import Parameters

/// The embedding tables of all models, merged under the metric of their sum. Not collective.
package struct DistilledTables {
  private let models: [StoredModel]
  private let coefficients: Coefficients
  private let rows: DistilledRows
  /// Of each model, for every token.
  private let counts: [[Double]]

  /// - Parameter metric: nil where all directions count the same.
  package init(models: [StoredModel], coefficients: Coefficients, counts: [[Double]], metric: CommonMetric?) {
    self.models = models
    self.coefficients = coefficients
    self.counts = counts
    rows = DistilledRows(metric: metric)
  }

  private static let rowsAtOnce = 256

  package func merge(_ table: Parameter, into target: Vector<Float>) throws {
    let (count, width) = (table.shape[0], table.shape[1])
    let sources = models.map { SourceEntries(table, in: $0) }
    let weights: [[Double]]
    if table.role.spread == .tokens {
      var deviations = models.map { _ in [Double](repeating: 0, count: count) }
      try forEachPiece(sources, count, width) { range, views in
        for row in range {
          for (model, value) in Self.deviations(views.map { $0.row(row - range.lowerBound) }).enumerated() {
            deviations[model][row] = value
          }
        }
      }
      weights = try DistilledRows.weights(counts: counts, deviations: deviations, coefficients: coefficients)
    } else {
      weights = coefficients.values.map { [Double](repeating: $0, count: count) }
    }
    try forEachPiece(sources, count, width) { range, views in
      rows.merge(
        views, weights: weights.map { Array($0[range]) },
        into: target[range.lowerBound * width..<range.upperBound * width].matrix(rows: range.count, columns: width))
    }
  }

  private func forEachPiece(
    _ sources: [SourceEntries], _ count: Int, _ width: Int, _ body: (Range<Int>, [Matrix<Float>]) throws -> Void
  ) throws {
    for start in stride(from: 0, to: count, by: Self.rowsAtOnce) {
      let range = start..<min(count, start + Self.rowsAtOnce)
      let views = try sources.map {
        try $0.view(range.lowerBound * width..<range.upperBound * width).matrix(rows: range.count, columns: width)
      }
      try withExtendedLifetime(sources) { try body(range, views) }
    }
  }

  /// ‖E_j − mean E‖² of each model's row.
  private static func deviations(_ rows: [Vector<Float>]) -> [Double] {
    var sums = [Double](repeating: 0, count: rows.count)
    for column in 0..<rows[0].count {
      var mean = 0.0
      for row in rows { mean += Double(row[column]) }
      mean /= Double(rows.count)
      for (model, row) in rows.enumerated() {
        let difference = Double(row[column]) - mean
        sums[model] += difference * difference
      }
    }
    return sums
  }
}
