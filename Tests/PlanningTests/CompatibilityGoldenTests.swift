@testable import Datasets
import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters
import SystemPackage
import TestSupport
import Testing
import Tokenizers

@testable import ModelMerging
@testable import Planning
@testable import Recipes
@testable import StatisticsFiles

/// A golden merge of a mode: the recipe's settings that ask for it.
struct GoldenCompatibility: CustomTestStringConvertible, Sendable {
  let mode: Compatibility.Mode
  /// Below `golden/compatibility/`.
  let file: String
  var parameters = ""
  var weights = [1.0, 1, 1]
  /// The statistics' files in place of those that are computed.
  var statistics: String?
  var testDescription: String { file }

  static let batchSize = 4
  static let sequenceLength = 22
  private static let weighted = [0.5, 0.3, 0.2]

  static let all = [
    GoldenCompatibility(mode: .fisherNodes, file: "fisher-nodes.merged"),
    GoldenCompatibility(mode: .fisherNodes, file: "fisher-nodes.merged.zeros", statistics: "fisher-nodes.zeros"),
    GoldenCompatibility(
      mode: .matenaRaffel, file: "matena-raffel.merged", parameters: "sequence_length: 22", weights: weighted),
    GoldenCompatibility(
      mode: .matenaRaffel, file: "matena-raffel.merged.every-floor", parameters: "sequence_length: 22, floor_only: all",
      weights: weighted),
    GoldenCompatibility(
      mode: .matenaRaffel, file: "matena-raffel.merged.unnormalized",
      parameters: "sequence_length: 22, normalize: none", weights: weighted),
    GoldenCompatibility(mode: .dataless, file: "dataless.merged"),
    GoldenCompatibility(mode: .dataless, file: "dataless.merged.alpha", parameters: "off_diagonal: 0.1"),
    GoldenCompatibility(
      mode: .dataless, file: "dataless.merged.weighted", parameters: "off_diagonal: 0.9", weights: weighted),
  ]

  /// The plan, made from a recipe as a user would write it, see `GoldenMerge`.
  func plan() throws -> (plan: Plan, inputs: Inputs) {
    let scratch = try Scratch()
    let entries = try zip(GoldenMerge.names, weights).map { name, weight in
      let data = try scratch.write("\(name).jsonl", #"{"sentence": "the cat", "label": 0}"# + "\n")
      let model = Reference.directory.appending("models").appending(name)
      return "  - {model: \(model), data: \(data), parameters: {weight: \(weight)}}"
    }
    let recipe = try scratch.write(
      "recipe.yaml",
      """
      merge_method: \(mode.method)
      compatibility: \(mode.rawValue)
      parameters: {\(parameters)}
      models:
      \(entries.joined(separator: "\n"))
      """)
    return try Planner.plan(
      Recipe(path: recipe, methods: MergeMethods.declarations), environment: [:])
  }
}

/// Statistics of a mode over the reference's examples, by the code that a run uses, in either precision.
struct CompatibilityStatistics {
  /// The reference's examples with the labels of a model.
  static func examples(for name: String, _ model: StoredModel) throws -> TokenizedExamples {
    let block = try Reference.block(for: name, outputs: model.configuration.problem)
    var examples = TokenizedExamples(fileRowCount: block.rows.count)
    for index in block.rows {
      let rows = block.batch.segments[index]
      examples.append(
        Encoding(
          ids: Array(block.batch.tokens[rows]), typeIDs: Array(block.batch.types[rows]), textTokenCount: rows.count,
          isTruncated: false), rowIndex: index, target: block.targets[index])
    }
    return examples
  }

  /// Estimates over the examples in the order of a golden file.
  ///
  /// - Parameters:
  ///   - pieceTokens: how much of a batch is evaluated at once.
  ///   - padding: the number of tokens that matena-raffel pads to; of the golden files where nil.
  static func sums<Scalar: KernelScalar>(
    _ mode: Compatibility.Mode, _ name: String, order: [Int], batchSize: Int = GoldenCompatibility.batchSize,
    pieceTokens: Int? = 512, padding: Int? = nil, weights: (StoredModel) throws -> EncoderWeights<Scalar>
  ) throws -> (sums: FixedPointSums, tokens: Int) {
    let model = try Reference.model(name)
    var examples = try examples(for: name, model)
    let batches = Compatibility.batches(order, of: batchSize)
    let statistic: any Statistic<Scalar>
    switch mode {
    case .fisherNodes: statistic = BatchMaskFisher<Scalar>(configuration: model.configuration)
    case .matenaRaffel:
      examples = examples.padded(
        to: Array(repeating: padding ?? GoldenCompatibility.sequenceLength, count: 9), with: 0, isAttended: true)
      statistic = DiagonalFisher<Scalar>(parameters: model.parameters)
    case .dataless:
      examples = Compatibility.padded(examples, inBatches: batches, padding: 0)
      statistic = GramMatrices<Scalar>(configuration: model.configuration)
    }
    let blocks =
      mode == .fisherNodes
      ? BlockPlan(examples, batches: batches).blocks
      : BlockPlan(examples, maximumTokens: 80, maximumExamples: 64).blocks
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try weights(model)), statistics: [statistic],
      expectation: mode == .fisherNodes ? .empirical : .expected, seed: 0, pieceTokens: pieceTokens)
    // The way to the other ranks is part of it.
    examples = try TokenizedExamples(decoding: examples.bytes)
    try estimator.measure([ExampleBlock(blocks[0], of: examples)], times: blocks.count)
    for block in blocks { try estimator.add(ExampleBlock(block, of: examples)) }
    #expect(statistic.sums.assess().isEmpty)
    return (statistic.sums, examples.tokenCount)
  }

  static func order(of golden: SafetensorsFile) -> [Int] {
    (golden.metadata("order") ?? "").split(separator: " ").compactMap { Int($0) }
  }
}

/// Sums of a test as a merge reads them.
private struct SumsReader: StatisticReader {
  let kinds: [StatisticKind] = []
  let examples: Int
  let tokens: Int
  let values: (String) throws -> [Double]

  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
    for (place, value) in try values(name)[elements].enumerated() { out[place] = value }
  }
}

@Suite("Compatibility modes against the restated programs")
struct CompatibilityGoldenTests {
  private func precision(_ source: StatisticSource) -> (relative: Double, absolute: Double) {
    source == .double ? (1e-9, 2e-12) : (1e-4, 1e-6)
  }

  private func sums(
    _ mode: Compatibility.Mode, _ name: String, order: [Int], pieceTokens: Int? = 512, in source: StatisticSource
  ) throws -> (sums: FixedPointSums, tokens: Int) {
    switch source {
    case .double:
      try CompatibilityStatistics.sums(mode, name, order: order, pieceTokens: pieceTokens) {
        try $0.doublePrecisionWeights()
      }
    case .single:
      try CompatibilityStatistics.sums(mode, name, order: order, pieceTokens: pieceTokens) {
        try $0.singlePrecisionWeights()
      }
    }
  }

  @Test(
    "fisher-nodes: squares of batch means, whole or in pieces", arguments: ["two", "three", "five", "regression"],
    StatisticSource.allCases)
  func batchMasks(name: String, source: StatisticSource) throws {
    let golden = try Reference.golden("compatibility/fisher-nodes.\(name).mask-fisher")
    let (relative, absolute) = precision(source)
    for pieceTokens in [nil, 512, 30, 1] {
      let found = try sums(
        .fisherNodes, name, order: CompatibilityStatistics.order(of: golden), pieceTokens: pieceTokens, in: source
      ).sums
      for (slot, tensor) in found.slots.enumerated() where tensor.isMoment {
        // No program sums them; of any numbers of one sign the squares add up to no more than the square of the sum.
        for (moment, sum) in zip(found.values(slot), found.values(slot - 2)) {
          #expect((sum == 0) == (moment == 0) || moment < 1e-12, "\(tensor.name)")
          #expect(moment <= sum * sum * 1.000001 + 1e-12, "\(tensor.name)")
        }
      }
      for (slot, tensor) in found.slots.enumerated() where !tensor.isMoment {
        let error = worstError(
          found.values(slot), try golden.values(tensor.name), relative: relative, absolute: absolute)
        #expect(error < 1, "\(tensor.name) in pieces of \(pieceTokens.map { "\($0)" } ?? "any") tokens: \(error)")
      }
    }
  }

  @Test(
    "matena-raffel: the full Fisher with attended padding", arguments: ["two", "three", "five"],
    StatisticSource.allCases)
  func attendedPadding(name: String, source: StatisticSource) throws {
    let golden = try Reference.golden("compatibility/matena-raffel.\(name).fisher")
    let found = try sums(.matenaRaffel, name, order: [], in: source).sums
    let (relative, absolute) = precision(source)
    var checked = 0
    for (slot, tensor) in found.slots.enumerated()
    where golden[tensor.name] != nil && !tensor.name.hasSuffix("key.bias") {
      let error = worstError(
        found.values(slot).map { $0 / 9 }, try golden.values(tensor.name), relative: relative, absolute: absolute)
      #expect(error < 1, "\(tensor.name): \(error)")
      checked += 1
    }
    #expect(checked == golden.tensors.count - 3)
  }

  @Test(
    "dataless: Gram matrices of all rows of padded batches", arguments: ["two", "three", "five", "regression"],
    StatisticSource.allCases)
  func paddedGrams(name: String, source: StatisticSource) throws {
    let golden = try Reference.golden("compatibility/dataless.\(name).gram")
    let model = try Reference.model(name)
    let (found, tokens) = try sums(.dataless, name, order: CompatibilityStatistics.order(of: golden), in: source)
    #expect("\(tokens)" == golden.metadata("token_rows"))
    let (relative, absolute) = precision(source)
    for system in LinearSystem.all(of: model.parameters, rule: .standard) {
      let site = try #require(system.site)
      let slot = try #require(found.slots.firstIndex { $0.name == site.name })
      let rows = site.layer == nil ? 9 : tokens
      let packed = found.values(slot)
      let layout = PackedTriangle(order: system.inputs)
      let means = (0..<system.inputs * system.inputs).map { place in
        let (row, column) = (place / system.inputs, place % system.inputs)
        return packed[layout.index(min(row, column), max(row, column))] / Double(rows)
      }
      let expected = try golden.values(system.layers[0].weight.name)
      let error = worstError(means, expected, relative: relative, absolute: absolute)
      #expect(error < 1, "\(site.name): \(error)")
    }
  }

  @Test("merged weights", arguments: GoldenCompatibility.all, StatisticSource.allCases)
  func merged(golden: GoldenCompatibility, source: StatisticSource) throws {
    let (plan, inputs) = try golden.plan()
    let file = try Reference.golden("compatibility/\(golden.file)")
    let readers = try GoldenMerge.names.enumerated().map { index, name -> SumsReader in
      // This program never divides, so the numbers of examples have no effect.
      let undivided = 10 * (index + 1)
      if let statistics = golden.statistics {
        let file = try Reference.golden("compatibility/\(statistics).\(name)")
        return SumsReader(examples: undivided, tokens: 0) { try file.values($0) }
      }
      let (sums, tokens) = try sums(
        golden.mode, name, order: CompatibilityStatistics.order(of: file), in: source)
      let slots = Dictionary(uniqueKeysWithValues: sums.slots.enumerated().map { ($1.name, $0) })
      return SumsReader(examples: golden.mode == .fisherNodes ? undivided : 9, tokens: tokens) {
        sums.values(try #require(slots[$0]))
      }
    }
    let merge = try plan.mergeMethod().prepare(
      MergeInputs(models: inputs.models, names: plan.names, readers: readers)
    ).merge(by: plan.coefficients())
    #expect(merge.reports.allSatisfy { $0.ridge == nil && $0.deadInputs == 0 })
    let found = try Dictionary(
      uniqueKeysWithValues: inputs.models[0].mergedParameters.map { parameter in
        let buffer = Buffer<Float>(count: parameter.count)
        try merge.merge(parameter, into: buffer.vector)
        return (parameter.name, withExtendedLifetime(buffer) { buffer.vector.array })
      })
    #expect(merge.plainEntries == 0)
    // As for the other rules: what the statistics are good to, and for RegMean times the condition number, about 1e4.
    let spread =
      switch golden.mode {
      case .fisherNodes: source == .double ? 2e-8 : 1e-3
      case .matenaRaffel: source == .double ? 1e-6 : 2e-2
      case .dataless: source == .double ? 1e-7 : 2e-2
      }
    let (error, place) = try worstMergeError(found, "compatibility/\(golden.file)", spread: spread)
    #expect(error <= 1, "\(place): \(error)")
  }
}
