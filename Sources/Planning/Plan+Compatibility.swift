import Datasets
import Encoders
import Estimation
import Recipes

extension Plan {
  /// The units of work of one model as indices of examples: blocks of the usual sizes, or a published program's batches
  /// where it squares whole batches.
  package static func blocks(
    of examples: TokenizedExamples, _ compatibility: Compatibility?, _ sampling: Sampling
  ) -> [[Int]] {
    compatibility?.squaredBatches(of: examples, sampling)
      ?? Plan.blocks(of: Array(0..<examples.count), examples)
  }

  /// Empty statistics for a model, one for each kind.
  package func emptyStatistics(of model: StoredModel, _ options: EstimationOptions) -> [any Statistic<Float>] {
    if case .fisherNodes = compatibility { return [BatchMaskFisher<Float>(configuration: model.configuration)] }
    return statistics.map { $0.statistic(of: model, options) }
  }

  /// The most tokens of a batch that are evaluated at once; nil where blocks are small anyway.
  package var pieceTokens: Int? {
    if case .fisherNodes = compatibility { return Self.blockTokens }
    return nil
  }

  /// What tells the sums' units where blocks are batches: the first one.
  package func measuredBatch(of examples: TokenizedExamples, in blocks: [[Int]]) -> [ExampleBlock]? {
    guard case .fisherNodes = compatibility else { return nil }
    return [ExampleBlock(blocks[0], of: examples)]
  }
}

// MARK: What a program cannot do
