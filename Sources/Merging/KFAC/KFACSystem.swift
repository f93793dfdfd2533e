import LinearAlgebra

/// The linear layers of one input, merged by Kronecker factors of their models' Fisher information: W of every layer
/// minimises
///
///     Σ_j c_j ‖B_j^½ (W − W_j) A_j^½‖²,   c_j = λ_j / (tr A_j · tr B_j)
///
/// with the weights W_j [d, n] of model j, the Gram matrix A_j [n, n] of the layers' inputs and the Gram matrix B_j
/// [d, d] of the gradients at the layer's outputs. The traces make models comparable, so it does not matter what the
/// matrices were divided by.
///
/// The normal equations Σ_j c_j B_j W A_j = Σ_j c_j B_j W_j A_j are solved by conjugate gradients. Without damping they
/// may be singular; their right-hand side lies in their range, so the iteration leaves alone what they do not
/// determine. All in Double, rounded once. Source: Tam et al. 2023 (arXiv 2312.04339), section 3.
package final class KFACSystem {
  private let rule: KFACRule
  private let coefficients: Coefficients
  /// n
  private let inputs: Int
  /// A_j / tr A_j of the models with a coefficient and an input above zero, upper triangles, and their places.
  private var inputGrams: [(model: Int, matrix: Matrix<Double>)] = []
  private var owners: [Buffer<Double>] = []

  package init(_ rule: KFACRule, inputs: Int, coefficients: Coefficients) {
    self.rule = rule
    self.inputs = inputs
    self.coefficients = coefficients
  }

  /// Adds a model's inputs, which all layers have in common.
  ///
  /// - Parameters:
  ///   - tensor: one of the layers, for messages.
  ///   - fill: writes A_j, or any multiple of it, into the upper triangle of a matrix of zeros.
  /// - Throws: ``MergingError/invalidGram(subject:element:value:)``, and what `fill` throws.
  package func add(model: Int, tensor: String, _ fill: (Matrix<Double>) throws -> Void) throws {
    guard coefficients.values[model] > 0 else { return }
    let square = Buffer<Double>(count: inputs * inputs)
    let matrix = square.vector.matrix(rows: inputs, columns: inputs)
    try fill(matrix)
    guard try normalise(matrix, to: 1, "\(coefficients.models[model]): \(tensor)") else { return }
    inputGrams.append((model, matrix))
    owners.append(square)
  }

  /// Merges one layer.
  ///
  /// - Parameters:
  ///   - tensor: the layer's weight, for messages.
  ///   - sources: W_j of every model, in recipe order.
  ///   - target: where the iteration starts, [d, n]; becomes W. Stays as it is where no model has a gradient.
  ///   - fill: writes B_j of a model, or any multiple of it, into the upper triangle of a matrix of zeros.
  /// - Throws: ``MergingError/invalidGram(subject:element:value:)``,
  ///   ``MergingError/nonFiniteResult(tensor:element:)``, and what `fill` throws.
  package func solve(
    _ tensor: String, sources: [Matrix<Float>], target: Matrix<Float>,
    _ fill: (_ model: Int, _ matrix: Matrix<Double>) throws -> Void
  ) throws -> SolveReport.Iteration {
    let d = target.rows
    var terms: [Term] = []
    let iteration = KFACIteration(outputs: d, inputs: inputs)
    for (model, inputGram) in inputGrams {
      let square = Buffer<Double>(count: d * d)
      let matrix = square.vector.matrix(rows: d, columns: d)
      try fill(model, matrix)
      let subject = "\(coefficients.models[model]): \(tensor)"
      guard try normalise(matrix, to: coefficients.values[model], subject) else { continue }
      for row in 0..<d { for column in row + 1..<d { matrix[column, row] = matrix[row, column] } }
      let term = Term(inputs: inputGram, outputs: matrix, owner: square)
      iteration.addRight(term, sources[model])
      terms.append(term)
    }
    guard !terms.isEmpty else { return .init(steps: 0, residual: 0) }
    let found = iteration.run(terms, from: target, rule)
    iteration.store(in: target)
    for row in 0..<d {
      if let place = firstNonFinite(target.row(row)) {
        throw MergingError.nonFiniteResult(tensor: tensor, element: row * inputs + place)
      }
    }
    return found
  }

  /// Divides the upper triangle of a matrix by its trace and multiplies it by a factor; false where it has none.
  private func normalise(_ matrix: Matrix<Double>, to factor: Double, _ subject: String) throws(MergingError) -> Bool {
    let trace = (0..<matrix.rows).reduce(0.0) { $0 + matrix[$1, $1] }
    guard trace.isFinite, trace >= 0 else { throw .invalidGram(subject: subject, element: 0, value: trace) }
    guard trace > NegligibleWeight.smallestSum else { return false }
    for row in 0..<matrix.rows { scale(matrix.row(row)[row..<matrix.rows], by: factor / trace) }
    return true
  }

  /// What one model adds to the equations of a layer.
  struct Term {
    /// A_j / tr A_j, upper triangle.
    let inputs: Matrix<Double>
    /// λ_j B_j / tr B_j, whole.
    let outputs: Matrix<Double>
    let owner: Buffer<Double>
  }
}
