import LinearAlgebra

/// numerator[i] += w[i] θ[i], denominator[i] += w[i], with the weights that `weighting` makes of the Fisher sums.
func addWeighted(
  _ theta: Vector<Float>, _ fisherSums: Vector<Double>, _ weighting: FisherWeighting,
  numerator: inout [Double], denominator: inout [Double]
) {
  addWeighted(
    theta, by: fisherSums, divisor: weighting.exampleCount, bound: weighting.bound, floorBefore: weighting.floorBefore,
    norm: weighting.norm, floorAfter: weighting.floorAfter, coefficient: weighting.coefficient,
    numerator: &numerator, denominator: &denominator)
}
