import Parameters
import Encoders
import LinearAlgebra
import Merging

/// One rank's merges of a search: everything that does not depend on λ is computed once. Not collective.
final class TrialMerge {
  private let plan: Plan
  private let models: [StoredModel]
  private let readers: [any StatisticReader]
  private let measured: [MeasuredStatistics]
  private let systems: [LinearSystem]
  /// For RegMean, c_j W_j G̃_j of every system and model; empty where they would take too much memory.
  private var products: [[RegMeanProducts]] = []
  private let weights: MergedWeights

  /// The most memory for products that are kept: above it they are formed in every trial.
  private static let largestCache = 2_000_000_000

  init(plan: Plan, models: [StoredModel], readers: [any StatisticReader]) throws {
    self.plan = plan
    self.models = models
    self.readers = readers
    let parameters = models[0].parameters.filter { !$0.isHead }
    measured = try zip(readers, plan.models).map {
      try MeasuredStatistics($0, of: $1, rule: plan.rule, parameters: parameters)
    }
    weights = try MergedWeights(
      models: models, heads: try MergedHeads(plan.heads, sources: models, models: plan.models))
    guard case .regMean(let rule) = plan.rule else {
      systems = []
      return
    }
    systems = LinearSystem.all(of: parameters, rule: rule)
    let merge = try regMean(rule)
    let bytes = systems.reduce(0) { $0 + 8 * $1.outputs * ($1.inputs + 1) * models.count }
    if bytes <= Self.largestCache { products = try systems.map { try merge.products(of: $0) } }
  }

  private func regMean(_ rule: RegMeanRule) throws -> RegMeanMerge {
    RegMeanMerge(
      rule: rule, coefficients: try Coefficients(plan.models.map(\.weight), models: plan.models.map(\.name)),
      models: models, statistics: readers)
  }

  /// Merges with other coefficients; what the last call gave is overwritten.
  func merge(_ lambda: [Double]) throws -> MergedWeights {
    var plan = plan
    for (index, value) in lambda.enumerated() { plan.models[index].weight = value }
    let merge = try MergedParameters(plan: plan, sources: models, readers: readers, measured: measured)
    if case .regMean(let rule) = plan.rule {
      var solution = RegMeanSolution()
      let solver = RegMeanMerge(
        rule: rule, coefficients: merge.coefficients, models: models, statistics: readers)
      for (index, system) in systems.enumerated() {
        try solver.solve(system, products: products.isEmpty ? nil : products[index], into: &solution)
      }
      merge.solution = solution
    }
    if plan.heads == .merge {
      try weights.setHeads(try MergedHeads(plan.heads, sources: models, models: plan.models))
    }
    try weights.fill { try merge.merge($0, into: $1) }
    return weights
  }
}
