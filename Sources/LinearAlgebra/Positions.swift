/// In place: turns the pairs (k, k + d/2) of each group of d columns by the row's angles, as rotary positions do.
///
/// Source: Su et al. 2021, "RoFormer" (arXiv 2104.09864), equation 34, with the halves of a head instead of neighbours
/// as pairs.
///
/// - Parameters:
///   - x: [rows, groups · d].
///   - cosines: [rows, d/2], of the angles.
///   - sines: [rows, d/2].
///   - isBackward: by minus the angles: the transpose, which takes a gradient back.
package func rotate<Scalar: KernelScalar>(
  _ x: Matrix<Scalar>, groups: Int, cosines: Matrix<Scalar>, sines: Matrix<Scalar>, isBackward: Bool = false
) {
  precondition(
    cosines.rows == x.rows && sines.rows == x.rows && cosines.columns == sines.columns
      && x.columns == 2 * groups * cosines.columns && cosines.isContiguous && sines.isContiguous, "one angle a pair")
  Scalar.rotate(
    x.base, x.rows, x.stride, groups, cosines.columns, cosines.base, sines.base, isBackward ? -1 : 1)
}

/// scores[i, j] += a[i, p] + b[j, p] with p = places[i − j + columns − 1]: what depends on the distance of two tokens.
///
/// - Parameters:
///   - scores: [rows, columns].
///   - a: [rows, n]; nil for none.
///   - b: [columns, n]; nil for none.
///   - places: by i − j, from −(columns − 1) to rows − 1; all below n.
package func addByDistance<Scalar: KernelScalar>(
  to scores: Matrix<Scalar>, _ a: Matrix<Scalar>?, _ b: Matrix<Scalar>?, places: ArraySlice<Int32>
) {
  requirePlaces(scores, a, b, places)
  places.withUnsafeBufferPointer {
    guard let places = $0.baseAddress else { return }
    Scalar.addByDistance(
      scores.base, scores.stride, a?.base, a?.stride ?? 0, b?.base, b?.stride ?? 0, places, scores.rows, scores.columns)
  }
}

/// a[i, p] += g[i, j] and b[j, p] += g[i, j]: the gradient of ``addByDistance(to:_:_:places:)``.
package func sumByDistance<Scalar: KernelScalar>(
  _ g: Matrix<Scalar>, _ a: Matrix<Scalar>?, _ b: Matrix<Scalar>?, places: ArraySlice<Int32>
) {
  requirePlaces(g, a, b, places)
  places.withUnsafeBufferPointer {
    guard let places = $0.baseAddress else { return }
    Scalar.sumByDistance(
      g.base, g.stride, a?.base, a?.stride ?? 0, b?.base, b?.stride ?? 0, places, g.rows, g.columns)
  }
}

private func requirePlaces<Scalar>(
  _ scores: Matrix<Scalar>, _ a: Matrix<Scalar>?, _ b: Matrix<Scalar>?, _ places: ArraySlice<Int32>
) {
  precondition(
    (a?.rows ?? scores.rows) == scores.rows && (b?.rows ?? scores.columns) == scores.columns
      && places.count == scores.rows + scores.columns - 1, "one place for each distance")
  assert(places.allSatisfy { $0 >= 0 && $0 < a?.columns ?? .max && $0 < b?.columns ?? .max }, "places in the table")
}
