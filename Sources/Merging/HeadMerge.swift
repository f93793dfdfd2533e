import LinearAlgebra

/// The merge of classification heads over the same labels: the λ-weighted mean of the rows of each label.
///
/// Rows are matched by the labels' NAMES. The same labels may stand at other indices in another model, and averaging by
/// index would then mix different classes without any sign of it. The result is in the first model's order.
package struct HeadMerge: Sendable {
  /// The labels of the merged head, in the first model's order.
  package let labels: [String]
  /// For each model the row of each label of ``labels``.
  package let rows: [[Int]]
  private let coefficients: Coefficients

  /// - Parameters:
  ///   - labels: of each model, in the order of its `id2label`; names are compared byte by byte. A head of one unnamed
  ///     output (regression) has one name that is the same for all.
  ///   - coefficients: λ, with the models' names.
  /// - Throws: ``MergingError/differentLabels(first:second:maps:)`` where a model's names are not the first one's.
  package init(labels: [[String]], coefficients: Coefficients) throws(MergingError) {
    guard labels.count == coefficients.count else {
      throw .countMismatch(subject: "heads", what: "label maps", expected: coefficients.count, found: labels.count)
    }
    // Swift's strings take é in one or two scalars for equal; label maps in files do not.
    var indices: [[UInt8]: Int] = [:]
    for (index, label) in labels[0].enumerated() { indices[Array(label.utf8)] = index }
    var rows: [[Int]] = []
    for (model, names) in labels.enumerated() {
      var row = [Int?](repeating: nil, count: labels[0].count)
      for (index, name) in names.enumerated() {
        if let label = indices[Array(name.utf8)] { row[label] = index }
      }
      let found = row.compactMap { $0 }
      guard names.count == labels[0].count, found.count == names.count else {
        throw .differentLabels(
          first: coefficients.models[0], second: coefficients.models[model], maps: [labels[0], names])
      }
      rows.append(found)
    }
    self.labels = labels[0]
    self.rows = rows
    self.coefficients = coefficients
  }

  /// Writes Σ λ θ / Σ λ of each label's row, summed in Double in recipe order and rounded once.
  ///
  /// - Parameters:
  ///   - tensor: the name, for messages.
  ///   - target: [C, D], or [C, 1] for a bias.
  ///   - source: the same tensor of the model of the given place in the recipe, in that model's own order; called once
  ///     for each. The view is used before the next call.
  package func merge(
    _ tensor: String, into target: Matrix<Float>, source: (_ model: Int) throws -> Matrix<Float>
  ) throws {
    try check(target, tensor, "rows of the result")
    let empty = [Double](repeating: 0, count: target.columns)
    var sums = [[Double]](repeating: empty, count: target.rows)
    for model in rows.indices {
      let matrix = try source(model)
      try check(matrix, tensor, "rows of \(coefficients.models[model])")
      guard matrix.columns == target.columns else {
        throw MergingError.countMismatch(
          subject: tensor, what: "columns of \(coefficients.models[model])", expected: target.columns,
          found: matrix.columns)
      }
      for (label, row) in rows[model].enumerated() {
        addProducts(coefficients.values[model], matrix.row(row), to: &sums[label], first: model == 0)
      }
    }
    let total = coefficients.values.reduce(0, +)
    for (label, sum) in sums.enumerated() {
      storeQuotients(sum, by: total, in: target.row(label))
      if let column = firstNonFinite(target.row(label)) {
        throw MergingError.nonFiniteResult(tensor: tensor, element: label * target.columns + column)
      }
    }
  }

  private func check(_ matrix: Matrix<Float>, _ tensor: String, _ what: String) throws(MergingError) {
    guard matrix.rows == labels.count else {
      throw .countMismatch(subject: tensor, what: what, expected: labels.count, found: matrix.rows)
    }
  }
}
