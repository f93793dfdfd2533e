import COpenBLAS

/// The Cholesky factorisation A = UᵀU of a symmetric positive definite matrix, in the memory of A.
///
/// LAPACK is column-major and the matrices here are row-major, which is one transposition apart:
/// - A symmetric matrix is its own transpose, and the upper triangle here is the lower one there. So LAPACK is told
///   "lower", and its lower factor L is what stands here as U = Lᵀ, above the diagonal.
/// - A right-hand side is a column there, and therefore a **row** here. ``solve(_:)`` takes a matrix B with one
///   right-hand side per row and gives X with A xᵢ = bᵢ for every row, which is X = B A⁻¹. A linear layer's weight
///   matrix [outputs, inputs] has just this form: nothing is ever transposed.
///
/// Solving forms no inverse. OpenBLAS uses the threads that it was set to.
package struct Cholesky {
  /// U in the upper triangle; what is below the diagonal is as it was.
  package let factor: Matrix<Double>
  /// The 1-norm of A.
  package let norm: Double

  /// A is not positive definite, or not within rounding.
  package struct NotPositiveDefinite: Error, Hashable {
    /// The row, counted from zero, that is a combination of the rows before it, or the nearest to one.
    package let row: Int
  }

  /// Factorises A in place.
  ///
  /// A singular matrix need not stop the algorithm: where nothing should be left of a row's diagonal, rounding leaves
  /// something, and whether that is positive is chance. So the factor of a matrix whose smallest eigenvalue cannot
  /// be told from zero is refused as well. What is judged is the matrix S A S whose diagonal S brings between 1 and 4,
  /// so that scaling a row and its column changes nothing: UᵀU differs from A by no more than about n ε √(aᵢᵢ aⱼⱼ) at
  /// (i, j), and 1/‖(S A S)⁻¹‖ must be above 4 n ε (Higham, *Accuracy and Stability of Numerical Algorithms*,
  /// section 10.1).
  ///
  /// - Parameter a: [n, n], its upper triangle. Lost where the factorisation fails.
  package init(factoring a: Matrix<Double>) throws(NotPositiveDefinite) {
    precondition(a.rows == a.columns, "a factorisation needs a square matrix")
    factor = a
    guard a.rows > 0 else {
      norm = 0
      return
    }
    let diagonal = (0..<a.rows).map { a[$0, $0] }
    var order = Int32(a.rows)
    var stride = Int32(a.stride)
    var oneNorm = CChar(UInt8(ascii: "1"))
    var triangle = lowerTriangle
    var work = [Double](repeating: 0, count: a.rows)
    norm = dlansy_(&oneNorm, &triangle, &order, a.base, &stride, &work, 1, 1)
    var info: Int32 = 0
    dpotrf_(&triangle, &order, a.base, &stride, &info, 1)
    precondition(info >= 0, "LAPACK refused argument \(-info) of dpotrf")
    guard info == 0 else { throw NotPositiveDefinite(row: Int(info) - 1) }
    // What is left of a diagonal entry when the rows before it have explained what they can.
    let left = (0..<a.rows).map { a[$0, $0] * a[$0, $0] / diagonal[$0] }
    if let row = left.firstIndex(where: { !($0 > 0 && $0.isFinite) }) { throw NotPositiveDefinite(row: row) }
    // Powers of two, so that scaling there and back changes no bit.
    scaleColumns(by: diagonal.map { Double(sign: .plus, exponent: -($0.squareRoot().exponent), significand: 1) })
    let smallest = reciprocalCondition(norm: 1)
    scaleColumns(by: diagonal.map { Double(sign: .plus, exponent: $0.squareRoot().exponent, significand: 1) })
    guard smallest > 4 * Double(a.rows) * .ulpOfOne else {
      throw NotPositiveDefinite(row: left.indices.min { left[$0] < left[$1] } ?? 0)
    }
  }

  /// In place: every row b of the matrix becomes the solution x of A x = b.
  ///
  /// - Parameter rightHandSides: [m, n], one right-hand side per row.
  package func solve(_ rightHandSides: Matrix<Double>) {
    precondition(rightHandSides.columns == factor.rows, "a right-hand side has one entry per row of the matrix")
    guard rightHandSides.count > 0 else { return }
    var triangle = lowerTriangle
    var order = Int32(factor.rows)
    var count = Int32(rightHandSides.rows)
    var stride = Int32(factor.stride)
    var rightStride = Int32(rightHandSides.stride)
    var info: Int32 = 0
    dpotrs_(&triangle, &order, &count, factor.base, &stride, rightHandSides.base, &rightStride, &info, 1)
    precondition(info == 0, "LAPACK refused argument \(-info) of dpotrs")
  }

  /// U⁻¹, in the upper triangle of a matrix; what is below its diagonal stays. A⁻¹ is U⁻¹U⁻ᵀ.
  ///
  /// For a preconditioner: solving is more exact.
  ///
  /// - Parameter inverse: [n, n]; must not overlap the factor.
  package func invertFactor(into inverse: Matrix<Double>) {
    precondition(inverse.rows == factor.rows && inverse.columns == factor.rows, "an inverse has the matrix's shape")
    guard factor.rows > 0 else { return }
    for row in 0..<factor.rows {
      copy(factor.row(row)[row..<factor.rows], to: inverse.row(row)[row..<factor.rows])
    }
    var triangle = lowerTriangle
    var diagonal = CChar(UInt8(ascii: "N"))
    var order = Int32(factor.rows)
    var stride = Int32(inverse.stride)
    var info: Int32 = 0
    dtrtri_(&triangle, &diagonal, &order, inverse.base, &stride, &info, 1, 1)
    precondition(info == 0, "LAPACK refused argument \(-info) of dtrtri")
  }

  /// An estimate of 1 / (‖A‖₁ ‖A⁻¹‖₁), hardly ever off by more than a factor of 3 (Higham's estimator, LAPACK's
  /// dpocon); 1 for an empty matrix.
  package func reciprocalCondition() -> Double { factor.rows > 0 ? reciprocalCondition(norm: norm) : 1 }

  /// An estimate of 1 / (norm · ‖(UᵀU)⁻¹‖₁).
  private func reciprocalCondition(norm: Double) -> Double {
    var triangle = lowerTriangle
    var order = Int32(factor.rows)
    var stride = Int32(factor.stride)
    var norm = norm
    var result = 0.0
    var work = [Double](repeating: 0, count: 3 * factor.rows)
    var integerWork = [Int32](repeating: 0, count: factor.rows)
    var info: Int32 = 0
    dpocon_(&triangle, &order, factor.base, &stride, &norm, &result, &work, &integerWork, &info, 1)
    precondition(info == 0, "LAPACK refused argument \(-info) of dpocon")
    return result
  }

  private func scaleColumns(by factors: [Double]) {
    var factors = factors
    factors.withUnsafeMutableBufferPointer { factors in
      guard let first = factors.baseAddress else { return }
      for row in 0..<factor.rows {
        Double.multiply(factor.base + row * factor.stride + row, first + row, factor.rows - row)
      }
    }
  }
}

/// LAPACK's name for the triangle that is the upper one in row-major order.
private let lowerTriangle = CChar(UInt8(ascii: "L"))
