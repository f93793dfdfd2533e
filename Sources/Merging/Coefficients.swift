/// The scaling coefficients λ_j of the models of one merge, in recipe order.
package struct Coefficients: Hashable, Sendable {
  /// What a method makes of the recipe's numbers.
  package enum Policy: Hashable, Sendable, Codable {
    /// Divided by their sum, none negative: only ratios matter, so a common factor is without effect (exactly so for a
    /// power of two, but for rounding otherwise). For averages, which with negative weights would leave the range of
    /// their sources or divide by zero.
    case shares
    /// As they are: for methods that add differences from a base.
    case factors
  }

  /// The models' names, for messages.
  package let models: [String]
  /// One per model: λ_j / Σ λ, or λ_j.
  package let values: [Double]

  /// Checks the numbers, and divides by their sum where the policy says so.
  package init(_ lambda: [Double], models: [String], _ policy: Policy = .shares) throws(MergingError) {
    guard !models.isEmpty else { throw .noModels }
    guard lambda.count == models.count else {
      throw .countMismatch(subject: "models", what: "weights", expected: models.count, found: lambda.count)
    }
    for (model, value) in zip(models, lambda) where !value.isFinite || (policy == .shares && value < 0) {
      throw .invalidCoefficient(model: model, value: value)
    }
    self.models = models
    guard policy == .shares else {
      values = lambda
      return
    }
    // By the largest first, so that huge coefficients do not overflow their sum.
    guard let largest = lambda.max(), largest > 0 else { throw .allCoefficientsZero }
    let relative = lambda.map { $0 / largest }
    let sum = relative.reduce(0, +)
    values = relative.map { $0 / sum }
  }

  /// The same coefficient for every model, the default of every rule.
  package static func uniform(models: [String]) throws(MergingError) -> Coefficients {
    try Coefficients(models.map { _ in 1 }, models: models)
  }

  /// The same coefficients as shares, for what is averaged; equal ones where they can be none.
  package var shares: Coefficients {
    get throws(MergingError) {
      if let shares = try? Coefficients(values, models: models) { return shares }
      return try .uniform(models: models)
    }
  }

  /// The number of models K.
  package var count: Int { values.count }
}
