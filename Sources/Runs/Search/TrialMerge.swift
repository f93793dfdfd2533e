import Merging
import ModelMerging
import Planning

/// One rank's merges of a search: everything that does not depend on λ is computed once. Not collective.
final class TrialMerge {
  private let plan: Plan
  private let inputs: MergeInputs
  private let preparation: any MergePreparation
  private let weights: MergedWeights

  init(_ plan: Plan, _ inputs: MergeInputs) throws {
    self.plan = plan
    self.inputs = inputs
    preparation = try plan.mergeMethod().prepare(inputs)
    weights = try MergedWeights(
      models: inputs.models, heads: try MergedHeads(plan.heads, of: inputs.models, try plan.coefficients()))
  }

  /// Merges with other coefficients; what the last call gave is overwritten.
  func merge(_ lambda: [Double]) throws -> MergedWeights {
    let coefficients = try Coefficients(lambda, models: inputs.names, plan.declaration?.weights ?? .shares)
    let merge = try preparation.merge(by: coefficients)
    if plan.heads == .merge { try weights.setHeads(try MergedHeads(plan.heads, of: inputs.models, coefficients)) }
    try weights.fill { try merge.merge($0, into: $1) }
    return weights
  }
}
