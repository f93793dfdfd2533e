import CKernels
import COpenBLAS

// Symmetric matrices are held in the upper triangle of a square row-major matrix. What is below the diagonal is neither
// read nor written.

/// C = alpha · B · A + beta · C with a symmetric A in its upper triangle.
///
/// - Parameters:
///   - b: [m, n].
///   - a: [n, n].
///   - c: [m, n]; must not overlap A or B. With `beta` 0 its old content is not read.
package func multiply(
  _ b: Matrix<Double>, bySymmetric a: Matrix<Double>, into c: Matrix<Double>, alpha: Double = 1, beta: Double = 0
) {
  precondition(
    a.rows == a.columns && b.columns == a.rows && c.rows == b.rows && c.columns == b.columns,
    "the shapes of a product must fit")
  guard c.rows > 0, c.columns > 0 else { return }
  cblas_dsymm(
    blasRowMajor, Int32(copenblas_right.rawValue), blasUpper, Int32(c.rows), Int32(c.columns), alpha, a.base,
    Int32(a.stride), b.base, Int32(b.stride), beta, c.base, Int32(c.stride))
}

/// C = XᵀX, the upper triangle alone.
///
/// - Parameters:
///   - x: [k, n].
///   - c: [n, n]; must not overlap X. What is below its diagonal stays.
package func multiplyByItself(_ x: Matrix<Float>, into c: Matrix<Float>) {
  precondition(c.rows == x.columns && c.columns == x.columns, "the shapes of a product must fit")
  guard x.columns > 0 else { return }
  cblas_ssyrk(
    blasRowMajor, blasUpper, blasTranspose(true), Int32(x.columns), Int32(x.rows), 1, x.base, Int32(max(1, x.stride)),
    0, c.base, Int32(c.stride))
}

/// In place: what is above the diagonal of a square matrix is also below it. Block by block, so that both places are in
/// the cache.
package func mirrorUpperTriangle(of a: Matrix<Double>) {
  precondition(a.rows == a.columns, "a triangle is of a square matrix")
  let block = 64
  for top in stride(from: 0, to: a.rows, by: block) {
    for left in stride(from: top, to: a.columns, by: block) {
      for row in top..<min(top + block, a.rows) {
        for column in max(left, row + 1)..<max(row + 1, min(left + block, a.columns)) {
          a[column, row] = a[row, column]
        }
      }
    }
  }
}

/// y += factor · x.
package func add(_ x: Vector<Double>, times factor: Double, to y: Vector<Double>) {
  precondition(x.count == y.count, "vectors of one length")
  cblas_daxpy(Int32(x.count), factor, x.base, 1, y.base, 1)
}

/// In place: x *= factor.
package func scale(_ x: Vector<Double>, by factor: Double) { cblas_dscal(Int32(x.count), factor, x.base, 1) }

/// y = x, exactly. The memory of `x` may be unaligned.
package func widen(_ x: Vector<Float>, into y: Vector<Double>) {
  precondition(x.count == y.count, "vectors of one length")
  ck_f32_to_f64(x.base, y.base, x.count)
}

/// y = x, each entry rounded once; what is too large becomes an infinity.
package func narrow(_ x: Vector<Double>, into y: Vector<Float>) {
  precondition(x.count == y.count, "vectors of one length")
  ck_f64_to_f32(x.base, y.base, x.count)
}

/// The index of the first infinity or NaN, nil where all elements are finite.
package func firstNonFinite(_ x: Vector<Double>) -> Int? {
  let index = ck_first_non_finite_64(x.base, x.count)
  return index < 0 ? nil : index
}

private let blasUpper = Int32(copenblas_upper.rawValue)
