import LinearAlgebra

/// The least-squares problems of linear layers with one input, which have their matrices in common: W of every layer
/// minimises
///
///     Σ_j λ_j (1/n_j Σ_rows ‖W x − y‖²_{B̂_j} + d_j ‖W − W_j‖²_{B̂_j})
///
/// over the rows of all models j: x of the merged layers below, y what model j's own layer should give, W_j its weights
/// (with the bias as the last column where layers have one, and x then ends with 1), B̂_j the metric of its outputs, and
/// d_j = (ρ + κ · unknowns / n_j) times the mean diagonal of A_j = XᵀX / n_j.
///
/// The normal equations are Σ_j B̂_j W A'_j = Σ_j B̂_j P'_j with A'_j = λ_j (A_j + d_j I) and
/// P'_j = λ_j (YᵀX / n_j + d_j W_j). Outside the common basis Q of the metrics they are W Σ A'_j = Σ P'_j, one Cholesky
/// factorisation for all layers; inside they are as many unknowns as Q has columns, solved by conjugate gradients from
/// there on. All in Double, but for the products of the iteration; the rows of W are right-hand sides, as in
/// ``RegMeanSystem``.
package final class DistillSystem {
  private let rule: DistillRule
  /// The first layer's weight, for messages.
  private let tensor: String
  /// n, the unknowns of an output.
  package let unknowns: Int
  /// The models with a coefficient above zero, by their places.
  private var terms: [(model: Int, ridge: Double)] = []
  /// Nil where no directions count more than others.
  private let products: MetricOperator?
  private let coefficients: [Double]
  private let owners: [AnyObject]
  private var factor: Cholesky?
  /// An estimate of the condition number of Σ A'_j.
  private var condition = 1.0
  /// Σ A'_j, which becomes its factor; and room for one of them.
  private let sum, square: Matrix<Double>
  /// U⁻¹ and U⁻ᵀ with (Σ A'_j)⁻¹ = U⁻¹U⁻ᵀ, in single precision, for the preconditioner alone. However they are rounded,
  /// their product is positive definite.
  private var inverses: [PackedMatrix] = []

  /// - Parameters:
  ///   - tensor: for messages.
  ///   - unknowns: the layers' inputs, and one more where they have a bias.
  ///   - coefficients: λ_j in recipe order.
  package init(_ rule: DistillRule, tensor: String, unknowns: Int, coefficients: [Double]) {
    self.rule = rule
    self.tensor = tensor
    self.unknowns = unknowns
    self.coefficients = coefficients
    let squares = (0..<2).map { _ in Buffer<Double>(count: unknowns * unknowns) }
    sum = squares[0].vector.matrix(rows: unknowns, columns: unknowns)
    square = squares[1].vector.matrix(rows: unknowns, columns: unknowns)
    owners = squares
    products = rule.metric == .identity ? nil : MetricOperator(tolerance: rule.tolerance)
  }

  /// Adds a model's matrix.
  ///
  /// - Parameters:
  ///   - rows: n_j, as κ counts them.
  ///   - fill: writes A_j into the upper triangle of a matrix of zeros.
  package func add(model: Int, rows: Double, _ fill: (Matrix<Double>) throws -> Void) throws {
    guard coefficients[model] > 0 else { return }
    let matrix = square
    matrix.elements.clear()
    try fill(matrix)
    let diagonal = (0..<unknowns).reduce(0.0) { $0 + matrix[$1, $1] } / Double(unknowns)
    guard diagonal.isFinite, diagonal >= 0 else {
      throw MergingError.invalidGram(subject: tensor, element: 0, value: diagonal)
    }
    // Without any input the model's own weights are all there is.
    let ridge = diagonal > 0 ? rule.ridge(unknowns: unknowns, rows: rows) * diagonal : 1
    for index in 0..<unknowns { matrix[index, index] += ridge }
    for row in 0..<unknowns { scale(matrix.row(row)[row..<unknowns], by: coefficients[model]) }
    LinearAlgebra.add(matrix.elements, times: 1, to: sum.elements)
    products?.add(model, matrix)
    terms.append((model, ridge))
  }

  /// Factorises Σ A'_j. Call it once, when all models have been added.
  package func factorise() throws(MergingError) {
    guard !terms.isEmpty else { throw .noModels }
    products?.setSum(sum)
    do { factor = try Cholesky(factoring: sum) } catch {
      throw .singularGram(tensor: tensor, input: error.row, ridge: rule.ridge)
    }
    let reciprocal = factor?.reciprocalCondition() ?? 1
    condition = reciprocal > 0 ? 1 / reciprocal : .greatestFiniteMagnitude
    guard let factor, products?.isSingle == true else { return }
    factor.invertFactor(into: square)
    inverses = [.upperTriangle, .transposedUpperTriangle].map { PackedMatrix(rounding: square, $0) }
  }

  /// Solves for one layer.
  ///
  /// - Parameters:
  ///   - tensor: the layer's weight, for messages and the report.
  ///   - products: Σ_j λ_j YᵀX / n_j, [d, n]; becomes W.
  ///   - teachers: every model's own layer, in recipe order.
  ///   - metric: of the outputs; nil where all directions count the same.
  ///   - sketched: U_jᵀ λ_j YᵀX / n_j of every model, [r, n] each; empty without a metric.
  package func solve(
    _ tensor: String, products: Matrix<Double>, teachers: [LinearParameters], metric: CommonMetric?,
    sketched: [Matrix<Double>]
  ) throws(MergingError) -> SolveReport {
    guard let factor else { preconditionFailure("a system is factorised before it is solved") }
    let d = products.rows
    let wide = Buffer<Double>(count: d * unknowns)
    let own = wide.vector.matrix(rows: d, columns: unknowns)
    for (model, ridge) in terms {
      widen(teachers[model], into: own)
      LinearAlgebra.add(own.elements, times: coefficients[model] * ridge, to: products.elements)
      if let metric {
        multiply(
          metric.models[model].directions, own, into: sketched[model], transposeA: true,
          alpha: coefficients[model] * ridge, beta: 1)
      }
    }
    var report = SolveReport(tensors: [tensor], condition: condition)
    guard let metric, metric.order > 0 else {
      factor.solve(products)
      try requireFinite(products, tensor)
      return report
    }
    let right = rightHandSide(products, metric, sketched)
    factor.solve(products)
    // Z − Qᵀ W is what the iteration adds.
    let start = Buffer<Double>(count: metric.order * unknowns)
    let z = start.vector.matrix(rows: metric.order, columns: unknowns)
    multiply(metric.basis, products, into: z, transposeA: true)
    let change = Buffer<Double>(count: z.count)
    copy(z.elements, to: change.vector)
    report.iteration = iterate(z, right: right, metric)
    for index in 0..<z.count { change.vector[index] = z.elements[index] - change.vector[index] }
    multiply(
      metric.basis, change.vector.matrix(rows: metric.order, columns: unknowns), into: products, beta: 1)
    withExtendedLifetime((wide, start, right, change)) {}
    try requireFinite(products, tensor)
    return report
  }

  private func requireFinite(_ w: Matrix<Double>, _ tensor: String) throws(MergingError) {
    if let place = firstNonFinite(w.elements) { throw .nonFiniteResult(tensor: tensor, element: place) }
  }

  /// [W, b] of one model in double.
  private func widen(_ layer: LinearParameters, into target: Matrix<Double>) {
    let inputs = layer.weight.columns
    for row in 0..<layer.weight.rows {
      LinearAlgebra.widen(layer.weight.row(row), into: target.row(row)[0..<inputs])
      if inputs < unknowns { target[row, inputs] = layer.bias.map { Double($0[row]) } ?? 0 }
    }
  }

  /// Qᵀ Σ_j B̂_j P'_j = β Qᵀ Σ P'_j + Σ_j V_j diag(m_j) U_jᵀ P'_j, [q, n].
  private func rightHandSide(
    _ products: Matrix<Double>, _ metric: CommonMetric, _ sketched: [Matrix<Double>]
  ) -> Buffer<Double> {
    let buffer = Buffer<Double>(count: metric.order * unknowns)
    let right = buffer.vector.matrix(rows: metric.order, columns: unknowns)
    multiply(metric.basis, products, into: right, transposeA: true, alpha: metric.floor)
    for (model, _) in terms {
      let own = sketched[model]
      for (row, weight) in metric.models[model].weights.enumerated() { scale(own.row(row), by: weight) }
      multiply(metric.projected[model], own, into: right, beta: 1)
    }
    return buffer
  }

  /// Conjugate gradients on F(Z) = Σ_j B̃_j Z A'_j, preconditioned with Z ↦ (mean B̃)⁻¹ Z (Σ A'_j)⁻¹.
  ///
  /// - Parameters:
  ///   - z: [q, n], where it starts, and the result.
  ///   - right: the right-hand side; becomes the residual.
  private func iterate(
    _ z: Matrix<Double>, right: Buffer<Double>, _ metric: CommonMetric
  ) -> SolveReport.Iteration {
    let size = z.count
    let memory = (0..<3).map { _ in Buffer<Double>(count: size) }
    defer { withExtendedLifetime(memory) {} }
    let views = memory.map { $0.vector.matrix(rows: z.rows, columns: z.columns) }
    let (direction, image, corrected) = (views[0], views[1], views[2])
    let residual = right.vector
    guard let products else { preconditionFailure("a metric was declared") }
    products.apply(z, metric, into: image)
    LinearAlgebra.add(image.elements, times: -1, to: residual)
    let first = dot(residual, residual).squareRoot()
    guard first > 0, first.isFinite else { return .init(steps: 0, residual: 0) }
    precondition(residual.matrix(rows: z.rows, columns: z.columns), metric, into: corrected)
    copy(corrected.elements, to: direction.elements)
    var product = dot(residual, corrected.elements)
    var (steps, norm) = (0, first)
    while steps < rule.steps, norm > rule.tolerance * first {
      products.apply(direction, metric, into: image)
      let curvature = dot(direction.elements, image.elements)
      // Rounding alone is left.
      guard curvature > 0, product > 0 else { break }
      let length = product / curvature
      LinearAlgebra.add(direction.elements, times: length, to: z.elements)
      LinearAlgebra.add(image.elements, times: -length, to: residual)
      steps += 1
      norm = dot(residual, residual).squareRoot()
      precondition(residual.matrix(rows: z.rows, columns: z.columns), metric, into: corrected)
      let next = dot(residual, corrected.elements)
      scale(direction.elements, by: next / product)
      LinearAlgebra.add(corrected.elements, times: 1, to: direction.elements)
      product = next
    }
    return .init(steps: steps, residual: norm / first)
  }

  private func precondition(_ residual: Matrix<Double>, _ metric: CommonMetric, into out: Matrix<Double>) {
    guard let factor else { preconditionFailure("a system is factorised before it is solved") }
    let (q, n) = (residual.rows, residual.columns)
    let memory = Buffer<Double>(count: q * q + 2 * q * n)
    let mean = memory.vector[0..<q * q].matrix(rows: q, columns: q)
    let turned = memory.vector[q * q..<q * q + q * n].matrix(rows: n, columns: q)
    let image = memory.vector[q * q + q * n..<memory.count].matrix(rows: q, columns: n)
    for (model, _) in terms {
      LinearAlgebra.add(metric.small[model].elements, times: 1 / Double(terms.count), to: mean.elements)
    }
    for row in 0..<q { for column in 0..<n { turned[column, row] = residual[row, column] } }
    guard solvePositive(mean, turned) else { preconditionFailure("β I and squares are positive") }
    for row in 0..<q { for column in 0..<n { out[row, column] = turned[column, row] } }
    if inverses.isEmpty {
      factor.solve(out)
    } else {
      inverses[0].multiply(out, into: image)
      inverses[1].multiply(image, into: out)
    }
    withExtendedLifetime(memory) {}
  }
}
