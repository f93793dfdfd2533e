import Encoders
import Merging
import MessagePassing
import ModelMerging
import Planning
import StatisticsFiles

/// A merge layer by layer in memory, by all ranks of a communicator together: what comparisons and searches try.
struct LayerwiseMerge {
  let communicator: Communicator
  /// Its models are those that are merged; the method is one that merges layers.
  let plan: Plan
  /// The same files on every rank.
  let models: [StoredModel]
  let examples: HeldExamples

  /// Merges; the weights are the same on all ranks, with each task's own head, or the merged one.
  ///
  /// - Parameter readers: opens the models' statistics, on the root.
  ///
  /// **Collective.**
  func run(readers: () throws -> [any StatisticReader]) throws -> MergedWeights {
    let coefficients = try plan.coefficients()
    let solution: SolvedLayers?
    switch try plan.mergeMethod().phase {
    case .none, .systems: preconditionFailure("a method that merges layers")
    case .layers(let rule):
      solution = try RegMeanPlusPlus(
        communicator: communicator, plan: plan, rule: rule, coefficients: coefficients, models: models
      ).run(examples: examples)
    case .distillation(let rule):
      let found = try communicator.agreeOnRoot(in: "opening the statistics") { try readers() }
      solution = try Distillation(
        communicator: communicator, plan: plan, rule: rule, coefficients: coefficients, models: models,
        statistics: found ?? []
      ).run(examples: examples)
    }
    let weights = try communicator.agree(in: "reading the heads") {
      try MergedWeights(models: models, heads: try MergedHeads(plan.heads, of: models, coefficients))
    }
    try communicator.agreeOnRoot(solution, in: "merging layer by layer") { solution in
      let merge = SolvedMerge(models, by: coefficients, solution)
      try weights.fill { try merge.merge($0, into: $1) }
    }
    try weights.broadcast(communicator)
    return weights
  }
}
