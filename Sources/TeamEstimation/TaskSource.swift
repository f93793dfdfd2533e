import Checkpoints
import Datasets
import Encoders
import Estimation
import Planning
import Sessions

/// Where a rank finds a task's model and examples.
package struct TaskSource {
  let plan: Plan
  let options: EstimationOptions
  let directory: CheckpointDirectory
  /// By model; empty where ranks read them from the directory.
  let examples: [Int: TokenizedExamples]

  /// A task with everything that evaluating it needs.
  package struct Opened {
    let model: StoredModel
    package let examples: TokenizedExamples
    /// The blocks of all rounds.
    let blocks: [[Int]]
  }

  /// **Not collective.**
  func open(_ model: Int) throws -> Opened {
    let examples = try examples(of: model)
    return Opened(
      model: try SharedPlan.open(plan.models[model]), examples: examples,
      blocks: rounds(of: examples).flatMap { $0 })
  }

  func examples(of model: Int) throws -> TokenizedExamples {
    if let found = examples[model] { return found }
    let file = try MappedFile(path: directory.examples(of: plan.models[model].name))
    return try TokenizedExamples(decoding: Array(file.bytes))
  }

  /// The blocks of each round, as indices of examples; one round of all where nothing is to be decided on the way.
  func rounds(of examples: TokenizedExamples) -> [[[Int]]] {
    guard options.largestError != nil else { return [Plan.blocks(of: examples, plan.compatibility, plan.sampling)] }
    return examples.rounds(first: options.firstRound, seed: plan.sampling.seed).map { Plan.blocks(of: $0, examples) }
  }

  /// The exponents of the units of a task's sums, from a few examples. **Not collective.**
  func measure(_ opened: Opened, naming name: (() throws(EstimationError) -> Void) throws -> Void) throws -> [[Int]] {
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try opened.model.singlePrecisionWeights()),
      statistics: plan.emptyStatistics(of: opened.model, options), expectation: plan.sampling.expectation,
      seed: plan.sampling.seed, pieceTokens: plan.pieceTokens)
    let first = rounds(of: opened.examples)[0]
    let measured =
      plan.measuredBatch(of: opened.examples, in: first) ?? Plan.measuredBlocks(of: opened.examples, in: first)
    let count = max(1, measured.reduce(0) { $0 + $1.rows.count })
    let total = opened.blocks.reduce(0) { $0 + $1.count }
    try name { () throws(EstimationError) in try estimator.measure(measured, times: (total + count - 1) / count) }
    return estimator.statistics.map { $0.sums.exponents.map { $0 ?? 0 } }
  }
}
