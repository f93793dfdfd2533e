import CKernels

/// out[j] = Σ over rows of x[row, j].
package func columnSums<Scalar: KernelScalar>(_ x: Matrix<Scalar>, into out: Vector<Scalar>) {
  precondition(out.count == x.columns, "one sum per column")
  Scalar.columnSums(x.base, x.rows, x.columns, x.stride, out.base)
}

/// out[j] = Σ over rows of x[row, j] · y[row, j].
package func columnDots<Scalar: KernelScalar>(_ x: Matrix<Scalar>, _ y: Matrix<Scalar>, into out: Vector<Scalar>) {
  precondition(x.rows == y.rows && x.columns == y.columns && out.count == x.columns, "one sum per column")
  Scalar.columnDots(x.base, y.base, x.rows, x.columns, x.stride, y.stride, out.base)
}

/// out[h] = Σ over rows, and over the columns of group h, of x · y; the columns are cut into `out.count` equal groups.
package func groupDots<Scalar: KernelScalar>(_ x: Matrix<Scalar>, _ y: Matrix<Scalar>, into out: Vector<Scalar>) {
  precondition(
    x.rows == y.rows && x.columns == y.columns && x.isContiguous && y.isContiguous && x.columns % out.count == 0,
    "the columns are cut into equal groups")
  Scalar.groupDots(x.base, y.base, x.rows, x.columns, out.count, out.base)
}

/// Σ x · y.
package func dot<Scalar: KernelScalar>(_ x: Vector<Scalar>, _ y: Vector<Scalar>) -> Scalar {
  precondition(x.count == y.count, "vectors of one length")
  var sum: Scalar = 0
  Scalar.groupDots(x.base, y.base, 1, x.count, 1, &sum)
  return sum
}

/// sum += x in double precision, element by element.
package func add<Scalar: KernelScalar>(_ x: Vector<Scalar>, toWide sum: Vector<Double>) {
  precondition(x.count == sum.count, "vectors of one length")
  Scalar.addWide(sum.base, x.base, x.count)
}

/// sum += x² in double precision, element by element.
///
/// - Returns: Σ x².
@discardableResult
package func addSquares<Scalar: KernelScalar>(of x: Vector<Scalar>, toWide sum: Vector<Double>) -> Double {
  precondition(x.count == sum.count, "vectors of one length")
  return Scalar.addSquaresWide(sum.base, x.base, x.count)
}

/// Σ x² in double precision.
package func sumOfSquares<Scalar: KernelScalar>(of x: Vector<Scalar>) -> Double { Scalar.sumOfSquares(x.base, x.count) }

/// out = x² in double precision, element by element.
package func squares<Scalar: KernelScalar>(of x: Matrix<Scalar>, intoWide out: Matrix<Double>) {
  precondition(x.rows == out.rows && x.columns == out.columns, "matrices of one shape")
  for row in 0..<x.rows { Scalar.squaresWide(out.base + row * out.stride, x.base + row * x.stride, x.columns) }
}

/// The largest |x|; NaN where any element is NaN or infinite; 0 for no elements.
package func largestMagnitude<Scalar: KernelScalar>(_ x: Vector<Scalar>) -> Double { Scalar.largest(x.base, x.count) }

/// Σ x, the least and the greatest x, in one pass over eight at a time. Where an element is NaN or infinite, the sum is
/// neither; ∞ and −∞ for no elements.
package func range(_ x: Vector<Double>) -> (sum: Double, least: Double, greatest: Double) {
  let whole = x.count / 8 * 8
  var sums = SIMD8<Double>(repeating: 0)
  var least = SIMD8<Double>(repeating: .infinity)
  var greatest = -least
  for start in stride(from: 0, to: whole, by: 8) {
    let values = UnsafeRawPointer(x.base + start).loadUnaligned(as: SIMD8<Double>.self)
    sums += values
    least = pointwiseMin(least, values)
    greatest = pointwiseMax(greatest, values)
  }
  var result = (sum: sums.sum(), least: least.min(), greatest: greatest.max())
  for index in whole..<x.count {
    let value = x[index]
    result = (result.sum + value, min(result.least, value), max(result.greatest, value))
  }
  return result
}

/// sum += round(x · scale) in integers. Every |x · scale| must be below 2⁶², which the caller has checked.
package func addFixedPoint<Scalar: KernelScalar>(_ x: Vector<Scalar>, scale: Double, to sum: Vector<Int64>) {
  precondition(x.count == sum.count, "vectors of one length")
  Scalar.addFixed(sum.base, x.base, x.count, scale)
}

/// out = sum · unit, each entry rounded once.
package func readFixedPoint(_ sum: Vector<Int64>, unit: Double, into out: Vector<Double>) {
  precondition(sum.count == out.count, "vectors of one length")
  ck_fixed_to_double(sum.base, out.base, sum.count, unit)
}

/// The largest |x|; 0 for no elements.
package func largestMagnitude(_ x: Vector<Int64>) -> Int64 { ck_largest_fixed(x.base, x.count) }
