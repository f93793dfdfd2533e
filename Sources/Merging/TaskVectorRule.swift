import LinearAlgebra

/// How differences from a common base add up: θ = θ_base + λ Σ_j w_j (θ_j − θ_base), and what TIES changes of it.
///
/// Sources: Ilharco et al. 2023, "Editing Models with Task Arithmetic" (arXiv 2212.04089), section 2; Yadav et al.
/// 2023, "TIES-Merging" (arXiv 2306.01708), section 3, with weights as mergekit has them.
package struct TaskVectorRule: Hashable, Sendable {
  /// λ, what the sum of the differences is multiplied by.
  package let scale: Double
  /// Whether the sum is divided by the weights that are in it.
  package let normalizes: Bool
  /// Whether each entry takes part only with the models that agree with the sign of the weighted sum.
  package let electsSigns: Bool

  package init(scale: Double, normalizes: Bool, electsSigns: Bool) {
    (self.scale, self.normalizes, self.electsSigns) = (scale, normalizes, electsSigns)
  }

  /// Sums of weights below this are not divided by.
  private static let smallestSum = 1e-8

  /// Merges some entries of one tensor; sums in Double in recipe order, rounded once to Float.
  ///
  /// - Parameters:
  ///   - weights: w_j, any finite numbers.
  ///   - cuts: for each model which entries of its difference are kept, changed by the entries that have passed.
  ///   - tensor, start: the name and where the entries begin, for messages.
  package func merge(
    base: Vector<Float>, models: [Vector<Float>], weights: [Double], cuts: inout [MagnitudeCut],
    into target: Vector<Float>, tensor: String, start: Int
  ) throws(MergingError) {
    precondition(models.count == weights.count && models.count == cuts.count, "a weight and a cut for every model")
    precondition(
      models.allSatisfy { $0.count == target.count } && base.count == target.count, "as many entries of each")
    var terms = [Double](repeating: 0, count: models.count)
    for entry in 0..<target.count {
      let origin = base[entry]
      var sum = 0.0
      for model in models.indices {
        let difference = models[model][entry] - origin
        terms[model] =
          cuts[model].keeps(difference) ? weights[model] * (Double(models[model][entry]) - Double(origin)) : 0
        sum += terms[model]
      }
      var divisor = 0.0
      if electsSigns {
        let isPositive = sum >= 0
        sum = 0
        for model in models.indices where isPositive ? terms[model] > 0 : terms[model] < 0 {
          sum += terms[model]
          divisor += weights[model]
        }
      } else {
        divisor = weights.reduce(0, +)
      }
      if normalizes, abs(divisor) >= Self.smallestSum { sum /= divisor }
      target[entry] = Float(Double(origin) + scale * sum)
    }
    if let element = firstNonFinite(target) { throw .nonFiniteResult(tensor: tensor, element: start + element) }
  }
}
