import LinearAlgebra

/// The merge of one tensor, or of some consecutive entries of it, while its models arrive one after the other: Σ w θ
/// and Σ w of every entry.
///
/// 16 bytes per entry, whatever the number of models: a model's Fisher can go once it is folded in. Models are folded
/// in recipe order, which is the order of the sums. Once finished it holds nothing, and its memory serves other entries
/// after ``restart(count:start:)``.
package struct RunningMerge: Sendable {
  /// The tensor's name, for messages.
  package let tensor: String
  /// The place in the tensor of the first entry.
  private var start: Int
  private var numerator: [Double]
  private var denominator: [Double]
  private var folded = 0

  package init(tensor: String, count: Int, start: Int = 0) {
    self.tensor = tensor
    self.start = start
    numerator = [Double](repeating: Self.nothing, count: count)
    denominator = [Double](repeating: 0, count: count)
  }

  /// Begins again with other entries of the tensor, in the same memory.
  package mutating func restart(count: Int, start: Int) {
    self.start = start
    if count != numerator.count {
      numerator = [Double](repeating: Self.nothing, count: count)
      denominator = [Double](repeating: 0, count: count)
      folded = 0
    } else if folded > 0 {
      clear()
    }
  }

  private mutating func clear() {
    numerator.withUnsafeMutableBufferPointer { $0.update(repeating: Self.nothing) }
    denominator.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    folded = 0
  }

  /// The neutral element of addition: 0 + (−0) would lose the sign of a zero that all models share.
  private static let nothing = -0.0

  /// Adds one model's λ F̃ θ and λ F̃.
  ///
  /// - Parameters:
  ///   - theta: the model's tensor.
  ///   - fisherSums: Σ_n of squared gradients, as ``FisherMagnitudes`` measured it.
  ///   - weighting: of this model and tensor, from ``DiagonalFisherRule/weighting(of:magnitudes:model:coefficients:)``.
  package mutating func fold(
    _ theta: Vector<Float>, fisherSums: Vector<Double>, weighting: FisherWeighting
  ) throws(MergingError) {
    try check(theta.count, "elements")
    try check(fisherSums.count, "Fisher values")
    folded += 1
    addWeighted(theta, fisherSums, weighting, numerator: &numerator, denominator: &denominator)
  }

  /// Writes Σ w θ / Σ w, computed in Double and rounded once; the plain λ-weighted average where no model has a weight.
  ///
  /// - Parameters:
  ///   - source: the tensor of a model of the given place in the recipe. Called for each model in turn, and only where
  ///     some entry needs the plain average; the view is used before the next call, so that one buffer can serve all.
  /// - Returns: the number of entries that got the plain average.
  /// - Throws: what `source` throws, and ``MergingError``.
  @discardableResult
  package mutating func finish(
    into target: Vector<Float>, coefficients: Coefficients, source: (_ model: Int) throws -> Vector<Float>
  ) throws -> Int {
    guard folded == coefficients.count else {
      throw MergingError.countMismatch(
        subject: tensor, what: "models folded", expected: coefficients.count, found: folded)
    }
    try check(target.count, "elements of the result")
    let bound = NegligibleWeight.smallestSum
    let plain = count(denominator, below: bound)
    if plain > 0 {
      for model in 0..<coefficients.count {
        let theta = try source(model)
        try check(theta.count, "elements")
        // What vanishing weights left there is far below rounding.
        addProducts(coefficients.values[model], theta, to: &numerator, where: denominator, isBelow: bound)
      }
    }
    storeQuotients(
      numerator, by: denominator, orWhereBelow: bound, by: coefficients.values.reduce(0, +), in: target)
    clear()
    if let element = firstNonFinite(target) {
      throw MergingError.nonFiniteResult(tensor: tensor, element: start + element)
    }
    return plain
  }

  private func check(_ count: Int, _ what: String) throws(MergingError) {
    guard count == numerator.count else {
      throw .countMismatch(subject: tensor, what: what, expected: numerator.count, found: count)
    }
  }
}
