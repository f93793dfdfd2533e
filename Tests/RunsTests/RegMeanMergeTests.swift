@testable import Datasets
@testable import MessagePassing
import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging
@testable import Planning
@testable import Runs
@testable import Recipes
@testable import StatisticsFiles

/// A golden RegMean merge of the models `two`, `three` and `five`.
struct GoldenRegMean: CustomTestStringConvertible, Sendable {
  let file: String
  let values: [String: SettingValue]
  var isLayerwise = false
  var weights = [0.2, 0.5, 1.0]
  /// Which of the nine examples are each model's data.
  var examples = [0..<9, 1..<6, 2..<9]
  var testDescription: String { file }

  static let all = [
    GoldenRegMean(
      file: "regmean.uniform", values: [:], weights: [1, 1, 1], examples: [0..<9, 0..<9, 0..<9]),
    GoldenRegMean(file: "regmean.weighted", values: [:]),
    GoldenRegMean(file: "regmean.sum.weighted", values: ["off_diagonal": .number(1.0), "weighting": .word("sum")]),
    GoldenRegMean(file: "regmean.joint.weighted", values: ["bias": .word("joint")]),
    GoldenRegMean(
      file: "regmean.sum.joint.pooler-mean.weighted",
      values: [
        "off_diagonal": .number(1.0), "weighting": .word("sum"), "bias": .word("joint"), "pooler": .word("mean"),
      ]),
    GoldenRegMean(
      file: "regmean-plus-plus.uniform", values: [:], isLayerwise: true, weights: [1, 1, 1],
      examples: [0..<9, 0..<9, 0..<9]),
    GoldenRegMean(file: "regmean-plus-plus.weighted", values: ["off_diagonal": .number(0.5)], isLayerwise: true),
    GoldenRegMean(
      file: "regmean-plus-plus.sum.joint.pooler-mean.weighted",
      values: ["weighting": .word("sum"), "bias": .word("joint"), "pooler": .word("mean")], isLayerwise: true),
  ]

  static let names = ["two", "three", "five"]

  var merge: GoldenMerge {
    // The reference averages embeddings.
    GoldenMerge(
      file: file, method: isLayerwise ? "regmean++" : "regmean",
      values: values.merging(["embeddings": .word("mean")]) { own, _ in own }, weights: weights)
  }

  func tokenized(_ model: Int) throws -> TokenizedExamples {
    try Reference.tokenized(Self.names[model], examples[model])
  }
}

@Suite("Linear layers merged by RegMean and RegMean++")
struct RegMeanMergeTests {
  /// The Gram matrices of some examples.
  private func statistics(_ golden: GoldenRegMean, _ model: Int, of source: StoredModel) throws -> EstimatedStatistics {
    let examples = try golden.tokenized(model)
    let gram = GramMatrices<Float>(configuration: source.configuration)
    let counts = TokenCounts<Float>(configuration: source.configuration)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try source.singlePrecisionWeights()), statistics: [gram, counts],
      expectation: .expected, seed: 0)
    let block = ExampleBlock(Array(0..<examples.count), of: examples)
    try estimator.measure([block], times: 1)
    try estimator.add(block)
    return EstimatedStatistics(
      [(.gram, gram), (.tokenCounts, counts)], examples: examples.count, tokens: examples.tokenCount)
  }

  @Test("merges of whole models equal the float64 reference", arguments: GoldenRegMean.all)
  func golden(_ golden: GoldenRegMean) throws {
    let models = try GoldenRegMean.names.map { try Reference.model($0) }
    let coefficients = try golden.merge.coefficients()
    let merge: any ParameterMerge
    switch try golden.merge.make().phase {
    case .none, .distillation:
      Issue.record("RegMean solves systems")
      return
    case .layers(let rule):
      let solution = try RegMeanPlusPlus(
        communicator: Communicator(), plan: Self.plan(models), rule: rule, coefficients: coefficients, models: models
      ).run(examples: HeldExamples(Communicator(), root: try models.indices.map { try golden.tokenized($0) }))
      merge = SolvedMerge(models, by: coefficients, try #require(solution))
    case .systems:
      let readers = try models.indices.map { try statistics(golden, $0, of: models[$0]) }
      func merged(isRepeated: Bool) throws -> any ParameterMerge {
        try golden.merge.make().prepare(
          MergeInputs(models: models, names: GoldenRegMean.names, readers: readers, isRepeated: isRepeated)
        ).merge(by: coefficients)
      }
      merge = try merged(isRepeated: false)
      #expect(!merge.reports.isEmpty)
      // With products kept for a search, and without.
      let again = try merged(isRepeated: true)
      for parameter in models[0].mergedParameters {
        let (first, second) = (Buffer<Float>(count: parameter.count), Buffer<Float>(count: parameter.count))
        try merge.merge(parameter, into: first.vector)
        try again.merge(parameter, into: second.vector)
        let error = worstError(doubles(second), doubles(first), relative: 1e-6, absolute: 1e-6)
        #expect(error < 1, "\(parameter.name)")
      }
      #expect(merge.reports.allSatisfy { $0.ridge == nil && $0.deadInputs == 0 })
    }
    let parameters = models[0].mergedParameters
    let file = try Reference.golden("merged/\(golden.file)")
    #expect(Set(file.tensors.map(\.name)) == Set(parameters.map(\.name)))
    for parameter in parameters {
      let target = Buffer<Float>(count: parameter.count)
      try merge.merge(parameter, into: target.vector)
      // Single-precision inputs, amplified by condition numbers up to 6e4: the reference itself moved by 5e-6 (RegMean,
      // some settings) and 5e-5 (RegMean++) of a tensor's largest entry when its inputs were disturbed as much.
      let allowed = golden.isLayerwise ? 2e-4 : 5e-5
      let error = worstError(doubles(target), try file.values(parameter.name), relative: 0, absolute: allowed)
      #expect(error < 1, "\(parameter.name): \(error)")
    }
  }

  @Test("rows of the word embeddings are means by the tokens' shares, in both", arguments: ["regmean", "regmean++"])
  func counts(method: String) throws {
    let golden = GoldenRegMean(file: "", values: ["embeddings": .word("counts")], isLayerwise: method == "regmean++")
    let models = try GoldenRegMean.names.map { try Reference.model($0) }
    let coefficients = try golden.merge.coefficients()
    let examples = try models.indices.map { try golden.tokenized($0) }
    let merge: any ParameterMerge
    if golden.isLayerwise {
      let solution = try RegMeanPlusPlus(
        communicator: Communicator(), plan: Self.plan(models), rule: RegMeanRule(), coefficients: coefficients,
        models: models
      ).run(examples: HeldExamples(Communicator(), root: examples))
      merge = SolvedMerge(models, by: coefficients, try #require(solution))
    } else {
      let readers = try models.indices.map { try statistics(golden, $0, of: models[$0]) }
      merge = try golden.merge.make().prepare(
        MergeInputs(models: models, names: GoldenRegMean.names, readers: readers)
      ).merge(by: coefficients)
    }
    let table = try #require(models[0].mergedParameters.first { $0.role.spread == .tokens })
    let target = Buffer<Float>(count: table.count)
    try merge.merge(table, into: target.vector)
    let sources = try models.map { model in
      let buffer = Buffer<Float>(count: table.count)
      try model.tensor(table).copy(into: buffer.vector)
      return doubles(buffer)
    }
    let (rows, width) = (table.shape[0], table.shape[1])
    var differs = false
    for row in 0..<rows {
      let weights = examples.indices.map { model in
        let count = examples[model].ids.filter { $0 == Int32(row) }.count
        return coefficients.values[model] * (Double(count) / Double(examples[model].tokenCount) + 1e-6 / Double(rows))
      }
      for column in row * width..<(row + 1) * width {
        func mean(_ weights: [Double]) -> Double {
          zip(weights, sources).reduce(0) { $0 + $1.0 * $1.1[column] } / weights.reduce(0, +)
        }
        #expect(abs(Double(target.vector[column]) - mean(weights)) < 1e-7, "row \(row)")
        if abs(mean(weights) - mean(coefficients.values)) > 1e-3 { differs = true }
      }
    }
    #expect(differs)
  }

  /// A plan of the reference's models, as far as RegMean++ looks at one.
  static func plan(_ models: [StoredModel]) -> Plan {
    Plan(
      sampling: Sampling(),
      models: zip(GoldenRegMean.names, models).map { name, model in
        PlannedModel(
          name: name, reference: name, directory: name, weight: 1, configuration: model.configuration, files: [],
          sha256: [])
      })
  }

  private func doubles(_ buffer: Buffer<Float>) -> [Double] {
    withExtendedLifetime(buffer) { buffer.vector.array.map(Double.init) }
  }

  @Test("a system has the linear layers of one input, with the biases that they have")
  func systems() throws {
    let model = try Reference.model("two")
    let whole = LinearSystem.all(of: model.parameters, rule: .standard)
    #expect(whole.prefix(4).map { $0.layers.count } == [3, 1, 1, 1] && whole.last?.site?.name == "gram.pooler")
    #expect(whole.allSatisfy { $0.layers.allSatisfy { $0.bias != nil } })
    let biased = model.parameters.filter { $0.component != .query || $0.kind == .weight }
    let systems = LinearSystem.all(of: biased, rule: RegMeanRule(pooler: .mean))
    #expect(systems.count == whole.count - 1)
    #expect(systems[0].layers.map { $0.weight.component } == [.query, .key, .value])
    #expect(systems[0].layers.map { $0.bias?.component } == [nil, .key, .value])
    #expect(systems[0].layers.map { $0.bias?.layer } == [nil, 0, 0])
  }

  @Test("systems are dealt so that no rank has much more to do than the others")
  func owners() throws {
    let configuration = EncoderConfiguration(
      layers: 12, hidden: 768, heads: 12, intermediate: 3072, vocabulary: 10, positions: 10, tokenTypes: 2, outputs: 2)
    let systems = LinearSystem.all(of: ModelLayout(of: configuration).parameters, rule: .standard)
    #expect(systems.count == 12 * 4 + 1)
    for ranks in [1, 2, 3, 4, 6] {
      let owners = RegMeanSolves.owners(of: systems, models: 4, ranks: ranks)
      let loads = (0..<ranks).map { rank in
        systems.indices.reduce(0.0) { $0 + (owners[$1] == rank ? systems[$1].operations(models: 4) : 0) }
      }
      // Twelve large systems divide evenly; the small ones fill what is left.
      #expect((loads.max() ?? 0) <= 1.1 * (loads.min() ?? 0), "\(loads)")
    }
  }
}
