/// C = alpha · op(A) · op(B) + beta · C, by OpenBLAS; op transposes where the flag says so.
///
/// - Parameters:
///   - a: op(A) is [m, k].
///   - b: op(B) is [k, n].
///   - c: [m, n]; must not overlap A or B. With `beta` 0 its old content is not read.
package func multiply<Scalar: KernelScalar>(
  _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, into c: Matrix<Scalar>, transposeA: Bool = false, transposeB: Bool = false,
  alpha: Scalar = 1, beta: Scalar = 0
) {
  let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
  let (inner, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
  precondition(k == inner && c.rows == m && c.columns == n, "the shapes of a product must fit")
  guard m > 0, n > 0 else { return }
  Scalar.gemm(
    transposeA, transposeB, Int32(m), Int32(n), Int32(k), alpha, a.base, Int32(max(1, a.stride)), b.base,
    Int32(max(1, b.stride)), beta, c.base, Int32(max(1, c.stride)))
}
