import COpenBLAS

/// The left singular vectors and the singular values of a matrix A = U diag(s) Vᵀ with few columns, by LAPACK.
package struct SingularValues {
  /// U, [rows, k] with k = min(rows, columns); its columns are orthonormal, and its memory this value's.
  package let left: Matrix<Double>
  /// s, [k], from the largest down.
  package let values: [Double]
  private let owner: Buffer<Double>

  /// - Parameter a: [rows, columns], contiguous, finite, and lost.
  package init(of a: Matrix<Double>) {
    precondition(a.isContiguous, "a matrix without gaps")
    let count = min(a.rows, a.columns)
    owner = Buffer(count: a.rows * count)
    left = owner.vector.matrix(rows: a.rows, columns: count)
    guard count > 0 else {
      values = []
      return
    }
    // LAPACK is column-major and sees Aᵀ = V diag(s) Uᵀ: its right vectors, a row each, are the columns of U in rows of
    // this memory.
    var (none, some) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "S")))
    var (m, n, stride, one) = (Int32(a.columns), Int32(a.rows), Int32(a.columns), Int32(1))
    var rightStride = Int32(count)
    var found = [Double](repeating: 0, count: count)
    var info: Int32 = 0
    var unused = 0.0
    var wanted = 0.0
    var size: Int32 = -1
    dgesvd_(
      &none, &some, &m, &n, a.base, &stride, &found, &unused, &one, left.base, &rightStride, &wanted, &size, &info, 1,
      1)
    size = Int32(wanted)
    var work = [Double](repeating: 0, count: Int(size))
    dgesvd_(
      &none, &some, &m, &n, a.base, &stride, &found, &unused, &one, left.base, &rightStride, &work, &size, &info, 1, 1)
    precondition(info == 0, "LAPACK's dgesvd: \(info)")
    values = found
  }
}
