import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Parameters
import StatisticsFiles
import TestSupport
import Testing

@testable import Merging
@testable import ModelMerging

/// A whole merge by Kronecker factors against `Tests/Reference/kfac.py`, which finds the best point of each Krylov
/// space without a recurrence: `two`, `three` and `five` without their last layers.
@Suite("A merge by Kronecker factors against the float64 reference")
struct KFACGoldenTests {
  /// What a pass has summed, in whatever precision.
  private struct Sums: StatisticReader {
    let kinds = StatisticKind.named(["kfac", "gram", "fisher"])
    let examples: Int
    let tokens: Int
    private let entries: [String: [Double]]

    init<Scalar: KernelScalar>(
      _ model: StoredModel, _ weights: EncoderWeights<Scalar>, _ block: ExampleBlock
    ) throws {
      let statistics: [any Statistic<Scalar>] = [
        OutputGrams<Scalar>(sites: model.layout.outputGramSites),
        GramMatrices<Scalar>(configuration: model.configuration), DiagonalFisher<Scalar>(parameters: model.parameters),
      ]
      let estimator = BlockEstimator(
        encoder: Encoder(weights: weights), statistics: statistics, expectation: .expected, seed: 0)
      try estimator.measure([block], times: 1)
      try estimator.add(block)
      (examples, tokens) = (block.rows.count, block.batch.segments.rows)
      var entries: [String: [Double]] = [:]
      for statistic in statistics {
        for (index, slot) in statistic.sums.slots.enumerated() { entries[slot.name] = statistic.sums.values(index) }
      }
      self.entries = entries
    }

    func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
      let own = try #require(entries[name])
      for (place, index) in elements.enumerated() { out[place] = own[index] }
    }
  }

  @Test("a whole merge after eight steps", arguments: StatisticSource.allCases)
  func golden(source: StatisticSource) throws {
    let scratch = try Scratch()
    let models = try GoldenMerge.names.map { try EditedModel.short($0, in: scratch) }
    let parts = [0..<9, 1..<6, 2..<9]
    let readers = try models.indices.map { index -> Sums in
      let block = try Reference.block(for: GoldenMerge.names[index], outputs: .singleLabel).slice(parts[index])
      switch source {
      case .double: return try Sums(models[index], models[index].doublePrecisionWeights(), block)
      case .single: return try Sums(models[index], models[index].singlePrecisionWeights(), block)
      }
    }
    let method = try MergeMethods.make(MethodSettings(KFAC.declaration, ["cg_steps": .number(8)]), models: 3)
    let merge = try method.prepare(MergeInputs(models: models, names: GoldenMerge.names, readers: readers))
      .merge(by: Coefficients([0.2, 0.5, 1.0], models: GoldenMerge.names))
    #expect(merge.reports.allSatisfy { $0.ridge == nil && $0.iteration?.steps == 8 })

    let parameters = models[0].mergedParameters
    let file = try Reference.golden("merged/kfac")
    #expect(Set(file.tensors.map(\.name)) == Set(parameters.map(\.name)))
    // In double the start and the result are rounded to single precision, once each: 5e-8 in the reference. From
    // statistics in single precision rows of tables with hardly any gradient are the least exact, about 4e-4.
    let allowed = source == .double ? 1e-6 : 2e-3
    for parameter in parameters {
      let target = Buffer<Float>(count: parameter.count)
      try merge.merge(parameter, into: target.vector)
      let found = withExtendedLifetime(target) { target.vector.array.map(Double.init) }
      let error = worstError(found, try file.values(parameter.name), relative: 0, absolute: allowed)
      #expect(error < 1, "\(parameter.name): \(error)")
    }
  }
}
