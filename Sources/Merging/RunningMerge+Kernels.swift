import LinearAlgebra

// The loops of a running merge; see AverageKernels.swift for their form.

/// numerator[i] += w[i] θ[i], denominator[i] += w[i], with the weights that `weighting` makes of the Fisher sums.
func addWeighted(
  _ theta: Vector<Float>, _ fisherSums: Vector<Double>, _ weighting: FisherWeighting,
  numerator: inout [Double], denominator: inout [Double]
) {
  let thetaBuffer = theta.buffer
  let sumsBuffer = fisherSums.buffer
  let theta = thetaBuffer.span
  let sums = sumsBuffer.span
  var numerator = numerator.mutableSpan
  var denominator = denominator.mutableSpan
  let count = numerator.count
  precondition(denominator.count == count && theta.count == count && sums.count == count)
  var i = 0
  while i < count {
    // A NaN fails every comparison, passes through and is found in the result.
    let mean = sums[i] / weighting.exampleCount
    let known = mean < weighting.bound ? 0 : mean
    let normalized = (known < weighting.floorBefore ? weighting.floorBefore : known) / weighting.norm
    let weight = (normalized < weighting.floorAfter ? weighting.floorAfter : normalized) * weighting.coefficient
    numerator[i] += weight * Double(theta[i])
    denominator[i] += weight
    i += 1
  }
}

/// The number of entries that have no denominator.
func countPlainEntries(_ denominator: [Double]) -> Int {
  let denominator = denominator.span
  var plain = 0
  var i = 0
  while i < denominator.count {
    plain += denominator[i] < NegligibleWeight.smallestSum ? 1 : 0
    i += 1
  }
  return plain
}

/// numerator[i] += λ θ[i] where there is no denominator. What vanishing weights left there is far below rounding.
func addPlainProducts(
  _ coefficient: Double, _ theta: Vector<Float>, to numerator: inout [Double], where denominator: [Double]
) {
  let thetaBuffer = theta.buffer
  let theta = thetaBuffer.span
  var numerator = numerator.mutableSpan
  let denominator = denominator.span
  let count = numerator.count
  precondition(denominator.count == count && theta.count == count)
  var i = 0
  while i < count {
    if denominator[i] < NegligibleWeight.smallestSum { numerator[i] += coefficient * Double(theta[i]) }
    i += 1
  }
}

/// target[i] = numerator[i] / denominator[i], or / plain where there is no denominator, rounded to Float.
func storeQuotients(
  _ numerator: [Double], by denominator: [Double], plain: Double, in target: Vector<Float>
) {
  let targetBuffer = target.buffer
  var target = targetBuffer.mutableSpan
  let numerator = numerator.span
  let denominator = denominator.span
  let count = target.count
  precondition(denominator.count == count && numerator.count == count)
  var i = 0
  while i < count {
    let sum = denominator[i]
    target[i] = Float(numerator[i] / (sum < NegligibleWeight.smallestSum ? plain : sum))
    i += 1
  }
}
