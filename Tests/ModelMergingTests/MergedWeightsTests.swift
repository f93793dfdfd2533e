import Merging
import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Parameters
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging
@testable import Planning
@testable import Recipes
@testable import StatisticsFiles

@Suite("Merged weights of every rule")
struct MergedWeightsTests {
  /// The outcome of estimating one model over the nine examples of the reference.
  private func outcome(
    _ name: String, _ kind: StatisticKind, from source: StatisticSource
  ) throws -> EstimatedStatistics {
    let model = try Reference.model(name)
    let single = kind.statistic(of: model)
    let block = try Reference.block(for: name, outputs: model.configuration.problem)
    switch source {
    case .single:
      let estimator = BlockEstimator(
        encoder: Encoder(weights: try model.singlePrecisionWeights()), statistics: [single], expectation: .expected,
        seed: 0)
      try estimator.measure([block], times: 1)
      try estimator.add(block)
    case .double:
      let double: any Statistic<Double> =
        switch kind {
        case .maskFisher: MaskFisher<Double>(configuration: model.configuration)
        case .fisher: DiagonalFisher<Double>(parameters: model.parameters)
        default: GramMatrices<Double>(configuration: model.configuration)
        }
      let estimator = BlockEstimator(
        encoder: Encoder(weights: try model.doublePrecisionWeights()), statistics: [double], expectation: .expected,
        seed: 0)
      try estimator.measure([block], times: 1)
      try estimator.add(block)
      single.sums.adopt(exponents: double.sums.exponents.map { $0 ?? 0 })
      for slot in single.sums.slots.indices { add(double.sums.values(slot), to: single.sums, slot) }
    }
    return EstimatedStatistics([(kind, single)], examples: 9, tokens: 0)
  }

  private func add(_ values: [Double], to sums: FixedPointSums, _ slot: Int) {
    let buffer = Buffer<Double>(count: values.count)
    for (index, value) in values.enumerated() { buffer.vector[index] = value }
    withExtendedLifetime(buffer) { _ = sums.add(buffer.vector, to: slot) }
  }

  /// The merged parameters of a golden merge, by name.
  private func merged(
    _ golden: GoldenMerge, models: [String] = GoldenMerge.names,
    outcome: (String, StatisticKind) throws -> EstimatedStatistics
  ) throws -> [String: [Float]] {
    let readers = try golden.statistic.map { kind in try models.map { try outcome($0, kind) } }
    let inputs = MergeInputs(
      models: try models.map { try Reference.model($0) }, names: models, readers: readers ?? [])
    let merge = try golden.make().prepare(inputs).merge(by: golden.coefficients(models))
    return try Dictionary(
      uniqueKeysWithValues: inputs.parameters.map { parameter in
        let buffer = Buffer<Float>(count: parameter.count)
        try merge.merge(parameter, into: buffer.vector)
        return (parameter.name, withExtendedLifetime(buffer) { buffer.vector.array })
      })
  }

  @Test("averages equal the reference", arguments: GoldenMerge.linear)
  func linear(golden: GoldenMerge) throws {
    let found = try merged(golden) { _, _ in throw MissingStatistic() }
    let (error, place) = try worstMergeError(found, "merged/\(golden.file)", spread: 1e-12)
    #expect(error <= 1, "\(place)")
  }

  @Test("mask Fisher merges equal the reference, from statistics in double", arguments: GoldenMerge.masks)
  func masks(golden: GoldenMerge) throws {
    let found = try merged(golden) { try outcome($0, $1, from: .double) }
    // The statistics are good to 1e-9 of themselves plus 1e-12 of the largest, which is at most 1e4 times the
    // smallest here.
    let (error, place) = try worstMergeError(found, "merged/\(golden.file)", spread: 2e-8)
    #expect(error <= 1, "\(place)")
  }

  @Test("mask Fisher merges from statistics in single precision", arguments: GoldenMerge.masks)
  func masksInFloat(golden: GoldenMerge) throws {
    let found = try merged(golden) { try outcome($0, $1, from: .single) }
    // Masks are good to 1e-4 of themselves and 1e-6 of the largest, see GoldenTests of the statistics.
    let (error, place) = try worstMergeError(found, "merged/\(golden.file)", spread: 1e-3)
    #expect(error <= 1, "\(place)")
  }

  @Test("full Fisher merges equal the reference, from statistics in double", arguments: GoldenMerge.fisher)
  func fisher(golden: GoldenMerge) throws {
    let found = try merged(golden) { try outcome($0, $1, from: .double) }
    // An entry's weight is at least the floor, 1e-6, and the sums' error at most 1e-12 of a tensor's largest, about 1
    // in these models: 1e-6 relative in the worst entry.
    let (error, place) = try worstMergeError(found, "merged/\(golden.file)", spread: 1e-6)
    #expect(error <= 1, "\(place)")
  }

  @Test("entries without any statistic are the plain average, and counted")
  func zeros() throws {
    let golden = GoldenMerge(
      file: "mask-fisher.structural.none.weighted.zeros", method: "mask_fisher",
      values: ["rule": .word("structural"), "normalize": .word("none"), "token_nodes": .flag(false)])
    let found = try merged(golden) { name, kind in
      let model = try Reference.model(name)
      let statistic = kind.statistic(of: model)
      let means = try Reference.golden("merged/zeros.\(name)")
      // The smallest unit that leaves room for the largest: the values of 1e-15 of it are thousands of units.
      statistic.sums.adopt(exponents: [-55, -55, -55, -55])
      for (slot, tensor) in ["head_mask", "neuron_mask"].enumerated() {
        add(try means.values(tensor), to: statistic.sums, slot)
      }
      return EstimatedStatistics([(kind, statistic)], examples: 1, tokens: 0)
    }
    let (error, place) = try worstMergeError(found, "merged/\(golden.file)", spread: 2e-8)
    #expect(error <= 1, "\(place)")
  }

  @Test("stored types are converted exactly: the average of float16 and bfloat16 models")
  func storedTypes() throws {
    let golden = GoldenMerge(file: "", method: "linear", weights: [3, 1])
    let names = ["float16", "bfloat16"]
    let found = try merged(golden, models: names) { _, _ in throw MissingStatistic() }
    let sources = try names.map {
      try SafetensorsFile(path: Reference.directory.appending("models/\($0)/model.safetensors"))
    }
    for (name, values) in found {
      let (a, b) = (try sources[0].values(name), try sources[1].values(name))
      #expect(zip(a, b).map { Float((3 * $0 + $1) / 4) } == values, "\(name)")
    }
  }

  @Test("shards and legacy names are the same model: merged with itself it is itself")
  func sameModel() throws {
    let golden = GoldenMerge(
      file: "", method: "mask_fisher", values: ["token_nodes": .flag(false)], weights: [0.3, 0.3, 0.4])
    let found = try merged(golden, models: ["three", "legacy", "sharded"]) { _, kind in
      try outcome("three", kind, from: .single)
    }
    let model = try Reference.model("three")
    for parameter in model.parameters where !parameter.isHead {
      let values = Buffer<Float>(count: parameter.count)
      try model.tensor(parameter).copy(into: values.vector)
      #expect(withExtendedLifetime(values) { values.vector.array } == found[parameter.name], "\(parameter.name)")
    }
  }
}

private struct MissingStatistic: Error {}
