import LinearAlgebra

/// F(Z) = β Z Σ A'_j + Σ_j V_j diag(m_j) (V_jᵀ Z A'_j): what the unknowns inside the metrics' common basis are multiplied
/// with, see ``DistillSystem``.
final class MetricOperator {
  /// From this tolerance on the products with the matrices are in single precision.
  static let singleTolerance = 1e-4

  /// Whether the matrices are rounded to single precision.
  let isSingle: Bool
  private var terms: [(model: Int, matrix: any RightFactor)] = []
  private var sum: (any RightFactor)?

  init(tolerance: Double) { isSingle = tolerance >= Self.singleTolerance }

  /// Adds a model's A'_j, its upper triangle.
  func add(_ model: Int, _ matrix: Matrix<Double>) { terms.append((model, factor(matrix))) }

  /// Takes Σ A'_j, its upper triangle.
  func setSum(_ sum: Matrix<Double>) { self.sum = factor(sum) }

  private func factor(_ matrix: Matrix<Double>) -> any RightFactor {
    isSingle ? PackedMatrix(rounding: matrix, .symmetric) : WholeMatrix(matrix)
  }

  /// - Parameters:
  ///   - z: [q, n].
  ///   - out: [q, n]; F(Z).
  func apply(_ z: Matrix<Double>, _ metric: CommonMetric, into out: Matrix<Double>) {
    guard let sum else { preconditionFailure("a system is factorised before it is solved") }
    let n = z.columns
    sum.multiply(z, into: out)
    scale(out.elements, by: metric.floor)
    let largest = metric.models.map(\.weights.count).max() ?? 0
    let memory = Buffer<Double>(count: 2 * largest * n)
    for (model, square) in terms {
      let (v, weights) = (metric.projected[model], metric.models[model].weights)
      guard !weights.isEmpty else { continue }
      let count = weights.count * n
      let seen = memory.vector[0..<count].matrix(rows: weights.count, columns: n)
      let image = memory.vector[count..<2 * count].matrix(rows: weights.count, columns: n)
      multiply(v, z, into: seen, transposeA: true)
      square.multiply(seen, into: image)
      for (row, weight) in weights.enumerated() { scale(image.row(row), by: weight) }
      multiply(v, image, into: out, beta: 1)
    }
    withExtendedLifetime(memory) {}
  }
}

/// What few rows are multiplied with from the right, many times.
protocol RightFactor {
  /// C = A X.
  func multiply(_ a: Matrix<Double>, into c: Matrix<Double>)
}

extension PackedMatrix: RightFactor {}

/// A symmetric matrix in double precision, whole: OpenBLAS is much slower with one triangle where few rows are multiplied.
private struct WholeMatrix: RightFactor {
  private let memory: Buffer<Double>
  private let matrix: Matrix<Double>

  /// - Parameter triangle: its upper triangle.
  init(_ triangle: Matrix<Double>) {
    memory = Buffer(count: triangle.count)
    matrix = memory.vector.matrix(rows: triangle.rows, columns: triangle.columns)
    copy(triangle.elements, to: memory.vector)
    mirrorUpperTriangle(of: matrix)
  }

  func multiply(_ a: Matrix<Double>, into c: Matrix<Double>) { LinearAlgebra.multiply(a, matrix, into: c) }
}
