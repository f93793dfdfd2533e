import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Merging
import MessagePassing
import SystemPackage

extension StatisticsDescription {
  /// Of an estimation that used some of the planned examples.
  init(
    _ plan: Plan, _ planned: PlannedModel, _ options: EstimationOptions, modelHash: String, dataHash: String,
    _ used: TokenizedExamples, of examples: TokenizedExamples
  ) {
    let sampling = plan.sampling
    kinds = plan.statistics
    includesClassifier = options.includesClassifier && kinds.contains { $0.nameWithHead != nil }
    let needsGradients = kinds.contains(where: \.needsGradients)
    expectation = needsGradients ? sampling.expectation.name : "none"
    draws = 0
    if needsGradients, case .sampled(let count) = sampling.expectation { draws = count }
    self.modelHash = modelHash
    sizes = planned.configuration
    // A part of the chosen examples is that which a smaller choice by the same seed gives.
    let isDrawn = used.count < examples.count || sampling.examples.map { $0 <= examples.count } ?? false
    parts = [
      StatisticsPart(
        dataHash: dataHash, examplesHash: used.digest, examples: used.count, tokens: used.tokenCount,
        selection: (isDrawn ? "random \(used.count) seed \(sampling.seed)" : "all")
          + (plan.compatibility.map { ", \($0.description)" } ?? ""),
        shard: sampling.shard?.description ?? "", maximumLength: planned.data?.maximumLength ?? 0,
        seed: sampling.seed)
    ]
  }
}
