import CKernels

// Weighted sums over the entries of a tensor, as the merging rules need them. No product and sum is fused and no sum
// reordered where nothing is said, so all processors and all builds give the same bits.

/// sum[i] = w x[i] for the first model, sum[i] += w x[i] for the others.
///
/// The first one assigns, because 0 + (−0) would lose the sign of a zero that all models share.
package func addProducts(_ weight: Double, _ x: Vector<Float>, to sum: inout [Double], first: Bool) {
  precondition(sum.count >= x.count, "room for all products")
  sum.withUnsafeMutableBufferPointer { sum in
    guard let sum = sum.baseAddress else { return }
    ck_add_products(weight, x.base, sum, x.count, first ? 1 : 0)
  }
}

/// sum[i] = w[i] x[i] for the first model, sum[i] += w[i] x[i] for the others.
package func addProducts(_ weights: [Double], _ x: Vector<Float>, to sum: inout [Double], first: Bool) {
  precondition(sum.count == x.count && weights.count == x.count, "a weight and a sum for every entry")
  sum.withUnsafeMutableBufferPointer { sum in
    guard let sum = sum.baseAddress else { return }
    ck_add_products_each(weights, x.base, sum, x.count, first ? 1 : 0)
  }
}

/// y[i] = sum[i] / divisor, rounded to Float.
package func storeQuotients(_ sum: [Double], by divisor: Double, in y: Vector<Float>) {
  precondition(sum.count >= y.count, "a sum for every entry")
  ck_store_quotients(sum, divisor, y.base, y.count)
}

/// y[i] = sum[i] / divisors[i], rounded to Float.
package func storeQuotients(_ sum: [Double], by divisors: [Double], in y: Vector<Float>) {
  precondition(sum.count == y.count && divisors.count == y.count, "a sum and a divisor for every entry")
  ck_store_quotients_each(sum, divisors, y.base, y.count)
}

/// numerator[i] += w[i] θ[i], denominator[i] += w[i] with w = coefficient · max(max(m, floorBefore) / norm,
/// floorAfter), where m = sums[i] / divisor, or 0 where that is below the bound.
///
/// A NaN among the sums fails every comparison, passes through and is found in the result.
package func addWeighted(
  _ theta: Vector<Float>, by sums: Vector<Double>, divisor: Double, bound: Double, floorBefore: Double, norm: Double,
  floorAfter: Double, coefficient: Double, numerator: inout [Double], denominator: inout [Double]
) {
  let count = numerator.count
  precondition(denominator.count == count && theta.count == count && sums.count == count, "one length")
  var weighting = ck_weighting(
    divisor: divisor, bound: bound, floor_before: floorBefore, norm: norm, floor_after: floorAfter,
    coefficient: coefficient)
  numerator.withUnsafeMutableBufferPointer { numerator in
    denominator.withUnsafeMutableBufferPointer { denominator in
      guard let numerator = numerator.baseAddress, let denominator = denominator.baseAddress else { return }
      ck_add_weighted(&weighting, theta.base, sums.base, numerator, denominator, count)
    }
  }
}

/// The number of entries below `bound`.
package func count(_ x: [Double], below bound: Double) -> Int { Int(ck_count_below(x, bound, x.count)) }

/// numerator[i] += w x[i] where denominator[i] is below `bound`.
package func addProducts(
  _ weight: Double, _ x: Vector<Float>, to numerator: inout [Double], where denominator: [Double], isBelow bound: Double
) {
  precondition(denominator.count == numerator.count && x.count == numerator.count, "one length")
  numerator.withUnsafeMutableBufferPointer { numerator in
    guard let numerator = numerator.baseAddress else { return }
    ck_add_products_below(weight, x.base, numerator, denominator, bound, x.count)
  }
}

/// y[i] = numerator[i] / denominator[i], or / plain where the denominator is below `bound`, rounded to Float.
package func storeQuotients(
  _ numerator: [Double], by denominator: [Double], orWhereBelow bound: Double, by plain: Double, in y: Vector<Float>
) {
  precondition(denominator.count == y.count && numerator.count == y.count, "one length")
  ck_store_merged(numerator, denominator, bound, plain, y.base, y.count)
}

/// Σ x² and the largest of numbers that must not be negative, and may arrive in pieces.
///
/// Eight partial sums, of every eighth number each, so that additions need not wait for each other; how the numbers are
/// cut into pieces changes no bit.
package struct SquareSums: Sendable {
  private var squares = SIMD8<Double>.zero
  package private(set) var largest = 0.0
  /// How many numbers have arrived.
  package private(set) var count = 0

  package init() {}

  /// Σ x².
  package var total: Double { squares.indices.reduce(0) { $0 + squares[$1] } }

  /// Takes the next numbers.
  ///
  /// - Returns: the index in `x` of the first that is negative, infinite or NaN; what is summed is then without
  ///   meaning.
  package mutating func add(_ x: Vector<Double>) -> Int? {
    let index = withUnsafeMutableBytes(of: &squares) { squares in
      ck_measure_sums(x.base, x.count, count, squares.assumingMemoryBound(to: Double.self).baseAddress, &largest)
    }
    count += x.count
    return index < 0 ? nil : index
  }
}

/// Σ (x − y)² in double precision, in 16 partial sums; without y, Σ x².
package func sumOfSquaredDifferences(_ x: Vector<Float>, _ y: Vector<Float>?) -> Double {
  precondition(y.map { $0.count == x.count } ?? true, "vectors of one length")
  return ck_squared_distance(x.base, y?.base, x.count)
}

/// The index of the first infinity or NaN, nil where all are finite.
package func firstNonFinite(_ x: Vector<Float>) -> Int? {
  let index = ck_first_non_finite_32(x.base, x.count)
  return index < 0 ? nil : index
}
