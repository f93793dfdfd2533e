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

/// C = A · op(B) + beta · C, such that a row of C has the same bits whatever rows are beside it, however many.
///
/// OpenBLAS treats all rows of a product alike, but has another way for small products, which rounds differently. A
/// product of so few rows is done on a copy that zero rows make large enough. Where B is but a few vectors, as a
/// classifier's weights are, each row is a few dot products or sums of vectors. (With OpenBLAS's kernels for AVX2 a row
/// depends on its place all the same; see `docs/numerics.md`.)
///
/// - Parameters:
///   - a: [m, k].
///   - b: op(B) is [k, n].
///   - c: [m, n]; must not overlap A or B. With `beta` 0 its old content is not read.
///   - scratch: where the copies are taken from; given back before the function returns.
package func multiplyRows<Scalar: KernelScalar>(
  _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, into c: Matrix<Scalar>, transposeB: Bool = false, beta: Scalar = 0,
  scratch: Arena
) {
  if b.rows <= fewRows {
    multiplyByFew(a, b, into: c, transposeB: transposeB, beta: beta)
    return
  }
  let rows = smallProduct / max(1, b.count) + 1
  guard a.rows < rows else {
    multiply(a, b, into: c, transposeB: transposeB, beta: beta)
    return
  }
  let start = scratch.mark
  defer { scratch.release(to: start) }
  let tallA = scratch.matrix(rows, a.columns, of: Scalar.self)
  let tallC = scratch.matrix(rows, c.columns, of: Scalar.self)
  tallA.elements.clear()
  for row in 0..<a.rows { copy(a.row(row), to: tallA.row(row)) }
  if beta != 0 {
    tallC.elements.clear()
    for row in 0..<a.rows { copy(c.row(row), to: tallC.row(row)) }
  }
  multiply(tallA, b, into: tallC, transposeB: transposeB, beta: beta)
  for row in 0..<a.rows { copy(tallC.row(row), to: c.row(row)) }
}

/// The product of ``multiplyRows(_:_:into:transposeB:beta:scratch:)`` where B has few rows, row by row.
private func multiplyByFew<Scalar: KernelScalar>(
  _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, into c: Matrix<Scalar>, transposeB: Bool, beta: Scalar
) {
  precondition(
    a.columns == (transposeB ? b.columns : b.rows) && c.rows == a.rows
      && c.columns == (transposeB ? b.rows : b.columns), "the shapes of a product must fit")
  for row in 0..<a.rows {
    let (x, y) = (a.row(row), c.row(row))
    if transposeB {
      for index in 0..<b.rows { y[index] = dot(x, b.row(index)) + (beta == 0 ? 0 : beta * y[index]) }
    } else {
      if beta == 0 { y.clear() } else if beta != 1 { for index in 0..<y.count { y[index] *= beta } }
      for index in 0..<b.rows { add(b.row(index), scaledBy: x[index], to: y) }
    }
  }
}

/// So many rows are few.
private let fewRows = 16

/// Products of at most so many multiplications may go OpenBLAS's way for small ones (its limit is 100³).
private let smallProduct = 1_000_000
