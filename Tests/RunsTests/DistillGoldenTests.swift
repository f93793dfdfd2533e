import Checkpoints
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import Parameters
import StatisticsFiles
import TestSupport
import Testing

@testable import Merging
@testable import MessagePassing
@testable import ModelMerging
@testable import Runs

/// A whole sweep against `Tests/Reference/distill.py`, which solves each layer's normal equations at once, in float64
/// and from its own rows: `two`, `three` and `five` without their last layers.
@Suite("Distillation in forward order against the float64 reference")
struct DistillGoldenTests {
  private func statistics(_ model: StoredModel, _ examples: TokenizedExamples) throws -> EstimatedStatistics {
    let metric = OutputMetric<Float>(sites: model.layout.outputSites)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try model.singlePrecisionWeights()), statistics: [metric], expectation: .expected,
      seed: 0)
    let block = ExampleBlock(Array(0..<examples.count), of: examples)
    try estimator.measure([block], times: 1)
    try estimator.add(block)
    return EstimatedStatistics([(.outputMetric, metric)], examples: examples.count, tokens: examples.tokenCount)
  }

  @Test(
    "all weights after a sweep of three models",
    arguments: [("distill.identity", DistillRule.Metric.identity), ("distill.low-rank", .lowRank)])
  func sweep(file: String, metric: DistillRule.Metric) throws {
    let scratch = try Scratch()
    let names = GoldenRegMean.names
    let models = try names.map { try EditedModel.short($0, in: scratch) }
    let parts = [0..<9, 1..<6, 2..<9]
    let examples = try names.indices.map { try Reference.tokenized(names[$0], parts[$0]) }
    let coefficients = try Coefficients([0.2, 0.5, 1.0], models: names)
    // So small a tolerance that the iteration's end is without effect.
    let rule = DistillRule(metric: metric, rank: 6, tolerance: 1e-12, steps: 1000)
    let sketches = try metric == .identity ? [] : models.indices.map { try statistics(models[$0], examples[$0]) }
    let solution = try #require(
      try Distillation(
        communicator: Communicator(), plan: RegMeanMergeTests.plan(models), rule: rule, coefficients: coefficients,
        models: models, statistics: sketches
      ).run(examples: HeldExamples(Communicator(), root: examples)))
    #expect(solution.reports.count == 6 * 2 + 1)
    #expect(solution.reports.allSatisfy { ($0.iteration != nil) == (metric == .lowRank) })
    #expect(solution.reports.allSatisfy { ($0.iteration?.residual ?? 0) < 1e-10 })

    let merge = SolvedMerge(models, by: coefficients, solution)
    let parameters = models[0].mergedParameters
    let golden = try Reference.golden("merged/\(file)")
    #expect(Set(golden.tensors.map(\.name)) == Set(parameters.map(\.name)))
    for parameter in parameters {
      let target = Buffer<Float>(count: parameter.count)
      try merge.merge(parameter, into: target.vector)
      let found = withExtendedLifetime(target) { target.vector.array.map(Double.init) }
      // With rows and their products in single precision, merged layers rounded to it and 6e-8 of noise in the sketches
      // the reference moves by up to 2.2e-5 of a tensor's largest entry. A β of 0.101, a ρ of 0.0301, or κ without the
      // bias among the unknowns moves it by more than 1e-3.
      let error = worstError(found, try golden.values(parameter.name), relative: 0, absolute: 1e-4)
      #expect(error < 1, "\(parameter.name): \(error)")
    }
  }
}
