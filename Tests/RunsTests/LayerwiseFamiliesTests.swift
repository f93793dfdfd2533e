import Datasets
import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters
import StatisticsFiles
import TestSupport
import Testing

@testable import MessagePassing
@testable import ModelMerging
@testable import Runs

/// RegMean++ of families whose layers are more than one BERT's after the other: shared parameters, a convolution of the
/// encoder's input, LayerNorms before the blocks.
///
/// Against whole forward passes: the Gram matrices of a step are those that a model has on its own data with everything
/// below the step merged.
@Suite("RegMean++ of other families")
struct LayerwiseFamiliesTests {
  private let rule = RegMeanRule(offDiagonal: 0.7, bias: .joint, embeddings: .mean)

  @Test(
    "equal whole passes with everything below merged",
    arguments: ["albert", "mpnet", "deberta-v2", "deberta-v2-separate", "modernbert", "modernbert-mean"])
  func steps(name: String) throws {
    let scratch = try Scratch()
    let models = try EditedModel.pair(name, in: scratch)
    let examples = [try Reference.tokenized(name, 0..<9), try Reference.tokenized(name, 2..<7)]
    let coefficients = try Coefficients([0.4, 1], models: ["a", "b"])
    let found = try #require(
      try RegMeanPlusPlus(
        communicator: Communicator(), plan: RegMeanMergeTests.plan(models), rule: rule, coefficients: coefficients,
        models: models
      ).run(examples: HeldExamples(Communicator(), root: examples)))

    let c = models[0].configuration
    let parameters = models[0].parameters.filter { !$0.isHead }
    let systems = LinearSystem.all(of: parameters, rule: rule)
    var merged: [String: Buffer<Float>] = [:]
    func average(_ own: [Parameter]) throws {
      for parameter in own {
        let mean = Buffer<Float>(count: parameter.count)
        try AveragedParameters(sources: models).average(parameter, by: .linear(coefficients), into: mean.vector)
        merged[parameter.name] = mean
      }
    }
    /// Solves some systems on what the models give with `merged` below them, and compares.
    func solve(_ own: [LinearSystem]) throws {
      var readers: [EstimatedStatistics] = []
      for (model, examples) in zip(models, examples) {
        let gram = GramMatrices<Float>(configuration: c)
        let estimator = BlockEstimator(
          encoder: Encoder(weights: try model.singlePrecisionWeights(replacing: merged)), statistics: [gram],
          expectation: .expected, seed: 0)
        let block = ExampleBlock(Array(0..<examples.count), of: examples)
        try estimator.measure([block], times: 1)
        try estimator.add(block)
        readers.append(EstimatedStatistics([(.gram, gram)], examples: examples.count, tokens: examples.tokenCount))
      }
      var solution = SolvedLayers()
      let merge = RegMeanMerge(
        rule: rule, coefficients: coefficients, models: models, statistics: readers, merged: merged)
      for system in own { try merge.solve(system, into: &solution) }
      for (name, expected) in solution.values {
        let values = try #require(found.values[name])
        let error = worstError(
          values.vector.array.map(Double.init), expected.vector.array.map(Double.init), relative: 0, absolute: 2e-4)
        #expect(error < 1, "\(name): \(error)")
      }
      // Roundings of one step should not add up in the next.
      for name in solution.values.keys { merged[name] = found.values[name] }
    }

    let projections = systems.filter { $0.site?.place == .embeddingProjection }
    let below = parameters.filter { $0.role.stage == .embeddings && $0.component != .embeddingProjection }
    try average(below)
    try solve(projections)
    for place in c.layerGroups {
      let numbers = Set(place.numbers)
      try solve(systems.filter { $0.layer.map(numbers.contains) ?? false })
      let solved = Set(merged.keys)
      try average(parameters.filter { !solved.contains($0.name) && ($0.layer.map(numbers.contains) ?? false) })
    }
    try solve(systems.filter { $0.site?.place == .pooler })
    #expect(
      Set(found.values.keys) == Set(systems.flatMap(\.layers).flatMap { [$0.weight, $0.bias] }.compactMap { $0?.name }))
  }
}
