import LinearAlgebra

/// F(Z) = β Z Σ A'_j + Σ_j V_j diag(m_j) (V_jᵀ Z A'_j): what the unknowns inside the metrics' common basis are multiplied
/// with, see ``DistillSystem``.
protocol MetricOperator: AnyObject {
  /// Adds a model's A'_j, both triangles: OpenBLAS is much slower with one of them where few rows are multiplied.
  func add(_ model: Int, _ matrix: Matrix<Double>)
  /// Takes Σ A'_j.
  func setSum(_ sum: Matrix<Double>)
  func apply(_ z: Matrix<Double>, _ metric: CommonMetric, into out: Matrix<Double>)
}

/// The operator in one precision. The products read matrices that are larger than any cache, so that single precision is
/// twice as fast; it is exact enough for every tolerance but the smallest.
final class RoundedMetricOperator<Scalar: KernelScalar>: MetricOperator {
  private var terms: [(model: Int, matrix: Matrix<Scalar>)] = []
  private var sum: Matrix<Scalar>?
  private var owners: [AnyObject] = []

  func add(_ model: Int, _ matrix: Matrix<Double>) { terms.append((model, rounded(matrix))) }

  func setSum(_ sum: Matrix<Double>) { self.sum = rounded(sum) }

  private func rounded(_ matrix: Matrix<Double>) -> Matrix<Scalar> {
    let buffer = Buffer<Scalar>(count: matrix.count)
    convert(matrix.elements, to: buffer.vector)
    owners.append(buffer)
    return buffer.vector.matrix(rows: matrix.rows, columns: matrix.columns)
  }

  func apply(_ z: Matrix<Double>, _ metric: CommonMetric, into out: Matrix<Double>) {
    guard let sum else { preconditionFailure("a system is factorised before it is solved") }
    let (q, n) = (z.rows, z.columns)
    let largest = metric.models.map(\.weights.count).max() ?? 0
    let memory = Buffer<Scalar>(count: 2 * q * n + 2 * largest * n + q * largest)
    var used = 0
    func matrix(_ rows: Int, _ columns: Int) -> Matrix<Scalar> {
      defer { used += rows * columns }
      return memory.vector[used..<used + rows * columns].matrix(rows: rows, columns: columns)
    }
    let (own, result) = (matrix(q, n), matrix(q, n))
    convert(z.elements, to: own.elements)
    multiply(own, sum, into: result, alpha: Scalar(metric.floor))
    let start = used
    for (model, square) in terms {
      let (v, weights) = (metric.projected[model], metric.models[model].weights)
      guard !weights.isEmpty else { continue }
      used = start
      let (seen, image, projected) = (
        matrix(weights.count, n), matrix(weights.count, n), matrix(q, weights.count)
      )
      convert(v.elements, to: projected.elements)
      multiply(projected, own, into: seen, transposeA: true)
      multiply(seen, square, into: image)
      // diag(m) stands on either side of the small matrix.
      for row in 0..<q {
        for (column, weight) in weights.enumerated() { projected[row, column] *= Scalar(weight) }
      }
      multiply(projected, image, into: result, beta: 1)
    }
    withExtendedLifetime(memory) { convert(result.elements, to: out.elements) }
  }
}

/// y = x, each entry rounded at most once.
private func convert<From: KernelScalar, To: KernelScalar>(_ x: Vector<From>, to y: Vector<To>) {
  switch (x, y) {
  case (let x as Vector<Double>, let y as Vector<Float>): narrow(x, into: y)
  case (let x as Vector<Float>, let y as Vector<Double>): widen(x, into: y)
  case (let x as Vector<Double>, let y as Vector<Double>): copy(x, to: y)
  case (let x as Vector<Float>, let y as Vector<Float>): copy(x, to: y)
  default: preconditionFailure("single and double precision are all there is")
  }
}
