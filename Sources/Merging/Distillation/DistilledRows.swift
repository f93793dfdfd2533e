import LinearAlgebra

/// Rows of embedding tables under the metric of the tables' sum: row v solves Σ_j w_j[v] (E[v] − E_j[v]) B̂_j = 0.
///
/// Outside the metrics' common basis Q that is the weighted mean, inside a system of as many unknowns as Q has columns
/// for each row.
package struct DistilledRows {
  private let metric: CommonMetric?

  /// - Parameter metric: nil where all directions count the same.
  package init(metric: CommonMetric?) { self.metric = metric }

  /// w_j[v] of a table with a row for each token, [model][row], with the sum 1 in every row.
  ///
  /// Before that it is λ_j ((count_j[v] + share_j[v]) / Σ count_j + ε / V), where share_j[v] is model j's part of what
  /// the models changed in the row: dev_j² / Σ_i dev_i², with dev_j = ‖E_j[v] − mean_i E_i[v]‖². So rows that no example
  /// has are mostly those of the model that changed them.
  ///
  /// - Parameters:
  ///   - counts: of each model, for every row.
  ///   - deviations: dev_j of each model, for every row.
  package static func weights(
    counts: [[Double]], deviations: [[Double]], coefficients: Coefficients
  ) throws(MergingError) -> [[Double]] {
    let totals = counts.map { $0.reduce(0, +) }
    for (model, total) in zip(coefficients.models, totals) where !(total > 0) {
      throw .noExamples(subject: "\(model): token counts")
    }
    let (models, rows) = (counts.count, counts[0].count)
    var weights = counts.map { [Double](repeating: 0, count: $0.count) }
    for row in 0..<rows {
      let squares = deviations.map { $0[row] * $0[row] }
      let all = squares.reduce(0, +)
      for model in 0..<models {
        let share = all > 0 ? squares[model] / all : 1 / Double(models)
        weights[model][row] =
          coefficients.values[model]
          * ((counts[model][row] + share) / totals[model] + TokenRowWeights.least / Double(rows))
      }
      let sum = weights.reduce(0) { $0 + $1[row] }
      for model in 0..<models { weights[model][row] /= sum }
    }
    return weights
  }

  /// Merges some rows.
  ///
  /// - Parameters:
  ///   - sources: every model's rows, [rows, E].
  ///   - weights: [model][row], with the sum 1 in every row.
  ///   - target: [rows, E].
  package func merge(_ sources: [Matrix<Float>], weights: [[Double]], into target: Matrix<Float>) {
    let (rows, width) = (target.rows, target.columns)
    let q = metric?.order ?? 0
    let memory = Buffer<Double>(count: 2 * rows * width + (sources.count + 1) * rows * q + q * q + q)
    defer { withExtendedLifetime(memory) {} }
    var start = 0
    func matrix(_ rows: Int, _ columns: Int) -> Matrix<Double> {
      defer { start += rows * columns }
      return memory.vector[start..<start + rows * columns].matrix(rows: rows, columns: columns)
    }
    let (mean, wide) = (matrix(rows, width), matrix(rows, width))
    let (change, square, right) = (matrix(rows, q), matrix(q, q), matrix(1, q))
    var inside: [Matrix<Double>] = []
    for (model, source) in sources.enumerated() {
      for row in 0..<rows {
        widen(source.row(row), into: wide.row(row))
        add(wide.row(row), times: weights[model][row], to: mean.row(row))
      }
      guard let metric, q > 0 else { continue }
      let own = matrix(rows, q)
      multiply(wide, metric.basis, into: own)
      inside.append(own)
    }
    if let metric, q > 0 {
      for row in 0..<rows {
        square.elements.clear()
        right.elements.clear()
        change.row(row).clear()
        for model in sources.indices {
          let weight = weights[model][row]
          add(metric.small[model].elements, times: weight, to: square.elements)
          let part = inside[model].rows(row..<row + 1)
          multiply(part, metric.small[model], into: right, alpha: weight, beta: 1)
          add(part.elements, times: -weight, to: change.row(row))
        }
        guard solvePositive(square, right) else { preconditionFailure("β I and squares are positive") }
        add(right.elements, times: 1, to: change.row(row))
      }
      multiply(change, metric.basis, into: mean, transposeB: true, beta: 1)
    }
    for row in 0..<rows { narrow(mean.row(row), into: target.row(row)) }
  }
}
