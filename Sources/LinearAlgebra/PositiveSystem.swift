import COpenBLAS

/// In place: every row b of the right-hand sides becomes the solution x of A x = b, for a small positive definite A of
/// good condition.
///
/// - Parameter a: [n, n], its upper triangle; lost.
/// - Returns: false where A is not positive definite.
package func solvePositive(_ a: Matrix<Double>, _ rightHandSides: Matrix<Double>) -> Bool {
  precondition(a.rows == a.columns && rightHandSides.columns == a.rows, "one entry for each row of the matrix")
  guard a.rows > 0, rightHandSides.rows > 0 else { return true }
  // The upper triangle here is LAPACK's lower one.
  var triangle = CChar(UInt8(ascii: "L"))
  var (order, stride) = (Int32(a.rows), Int32(a.stride))
  var (count, rightStride) = (Int32(rightHandSides.rows), Int32(rightHandSides.stride))
  var info: Int32 = 0
  dpotrf_(&triangle, &order, a.base, &stride, &info, 1)
  guard info == 0 else { return false }
  dpotrs_(&triangle, &order, &count, a.base, &stride, rightHandSides.base, &rightStride, &info, 1)
  return info == 0
}
