import Datasets
import Estimation
import Planning
import StatisticsFiles

extension StatisticsDescription {
  /// Of an estimation that used some of the planned examples.
  ///
  /// - Parameter processor: what computed it; see ``StatisticsPart/processor``.
  package init(
    _ plan: Plan, _ planned: PlannedModel, _ options: EstimationOptions, modelHash: String, dataHash: String,
    _ used: TokenizedExamples, of examples: TokenizedExamples, processor: String
  ) {
    let (sampling, kinds) = (plan.sampling, plan.statistics)
    let needsGradients = kinds.contains(where: \.needsGradients)
    let draws = needsGradients ? sampling.expectation.draws : 0
    // A part of the chosen examples is that which a smaller choice by the same seed gives.
    let isDrawn = used.count < examples.count || sampling.examples.map { $0 <= examples.count } ?? false
    let part = StatisticsPart(
      dataHash: dataHash, examplesHash: used.digest, examples: used.count, tokens: used.tokenCount,
      selection: (isDrawn ? "random \(used.count) seed \(sampling.seed)" : "all")
        + (plan.compatibility.map { ", \($0.description)" } ?? ""),
      shard: sampling.shard?.description ?? "", maximumLength: planned.data?.maximumLength ?? 0, seed: sampling.seed,
      processor: processor)
    self.init(
      kinds: kinds, includesClassifier: options.includesClassifier && kinds.contains { $0.nameWithHead != nil },
      expectation: needsGradients ? sampling.expectation.name : "none", draws: draws, modelHash: modelHash,
      tokenizer: planned.tokenizer, sizes: planned.configuration, parts: [part])
  }
}
