import LinearAlgebra

/// Conjugate gradients on Σ_j B_j W A_j = R for one layer, with B_j and A_j as ``KFACSystem/Term`` has them.
final class KFACIteration {
  private let memory: Buffer<Double>
  /// W, R and then the residual, the direction, its image, and room for one product; [d, n] each.
  private let w, residual, direction, image, product: Matrix<Double>

  /// R is zero at first.
  init(outputs d: Int, inputs n: Int) {
    let memory = Buffer<Double>(count: 5 * d * n)
    let parts = (0..<5).map { memory.vector[$0 * d * n..<($0 + 1) * d * n].matrix(rows: d, columns: n) }
    (w, residual, direction, image, product) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    self.memory = memory
  }

  /// R += B_j W_j A_j.
  func addRight(_ term: KFACSystem.Term, _ source: Matrix<Float>) {
    for row in 0..<w.rows { widen(source.row(row), into: w.row(row)) }
    add(term, w, to: residual, beta: 1)
  }

  /// Iterates from the weights that are given. The residual is that which the steps carry along.
  func run(_ terms: [KFACSystem.Term], from start: Matrix<Float>, _ rule: KFACRule) -> SolveReport.Iteration {
    for row in 0..<w.rows { widen(start.row(row), into: w.row(row)) }
    apply(terms, w)
    LinearAlgebra.add(image.elements, times: -1, to: residual.elements)
    copy(residual.elements, to: direction.elements)
    var square = dot(residual.elements, residual.elements)
    let first = square.squareRoot()
    guard first > 0, first.isFinite else { return .init(steps: 0, residual: 0) }
    var steps = 0
    while steps < rule.steps, square.squareRoot() > rule.tolerance * first {
      apply(terms, direction)
      let curvature = dot(direction.elements, image.elements)
      // Rounding alone is left.
      guard curvature > 0 else { break }
      let length = square / curvature
      LinearAlgebra.add(direction.elements, times: length, to: w.elements)
      LinearAlgebra.add(image.elements, times: -length, to: residual.elements)
      steps += 1
      let next = dot(residual.elements, residual.elements)
      scale(direction.elements, by: next / square)
      LinearAlgebra.add(residual.elements, times: 1, to: direction.elements)
      square = next
    }
    return .init(steps: steps, residual: square.squareRoot() / first)
  }

  /// Writes W, each entry rounded once.
  func store(in target: Matrix<Float>) {
    for row in 0..<w.rows { narrow(w.row(row), into: target.row(row)) }
  }

  /// The image becomes Σ_j B_j Z A_j.
  private func apply(_ terms: [KFACSystem.Term], _ z: Matrix<Double>) {
    for (index, term) in terms.enumerated() { add(term, z, to: image, beta: index == 0 ? 0 : 1) }
  }

  /// beta · target + B_j Z A_j.
  private func add(_ term: KFACSystem.Term, _ z: Matrix<Double>, to target: Matrix<Double>, beta: Double) {
    multiply(z, bySymmetric: term.inputs, into: product)
    multiply(term.outputs, product, into: target, beta: beta)
  }
}
