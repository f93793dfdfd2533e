/// The scaling coefficients λ_j of the models of one merge, in recipe order, divided by their sum.
///
/// Every rule multiplies its weights by them, and only ratios matter, so a common factor of the recipe's numbers is
/// without effect (exactly so for a power of two, but for rounding otherwise).
package struct Coefficients: Hashable, Sendable {
  /// The models' names, for messages.
  package let models: [String]
  /// λ_j / Σ λ, one per model.
  package let values: [Double]

  /// Checks and divides by the sum.
  ///
  /// Negative coefficients are refused: all rules here are averages, and one with negative weights leaves the range of
  /// its sources or divides by zero. (Task arithmetic, which subtracts, works on differences from a base model.)
  package init(_ lambda: [Double], models: [String]) throws(MergingError) {
    guard !models.isEmpty else { throw .noModels }
    guard lambda.count == models.count else {
      throw .countMismatch(subject: "models", what: "weights", expected: models.count, found: lambda.count)
    }
    for (model, value) in zip(models, lambda) where !(value >= 0 && value.isFinite) {
      throw .invalidCoefficient(model: model, value: value)
    }
    // By the largest first, so that huge coefficients do not overflow their sum.
    guard let largest = lambda.max(), largest > 0 else { throw .allCoefficientsZero }
    let relative = lambda.map { $0 / largest }
    let sum = relative.reduce(0, +)
    self.models = models
    values = relative.map { $0 / sum }
  }

  /// The same coefficient for every model, the default of every rule.
  package static func uniform(models: [String]) throws(MergingError) -> Coefficients {
    try Coefficients(models.map { _ in 1 }, models: models)
  }

  /// The number of models K.
  package var count: Int { values.count }
}
