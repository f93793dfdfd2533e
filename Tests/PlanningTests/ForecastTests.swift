import Encoders
import Estimation
import Merging
import TestSupport
import Testing

@testable import ModelMerging
@testable import Planning
@testable import Recipes

/// Counts of BERT-base, derived by hand, and of Gram tiles, by loops.
@Suite("Forecasts")
struct ForecastTests {
  /// Four BERT-base models with two classes and 300 examples of 20 tokens each; the last one has weight 0.
  private static func base(_ method: String, _ values: [String: SettingValue] = [:], data: Bool) throws -> Plan {
    let declaration = try #require(MergeMethods.declarations.first { $0.name == method })
    let configuration = EncoderConfiguration(
      modelType: "bert", layers: 12, hidden: 768, heads: 12, intermediate: 3072, vocabulary: 30522, positions: 512,
      tokenTypes: 2, outputs: 2)
    let models = ["a", "b", "c", "d"].map { name in
      PlannedModel(
        name: name, reference: name, directory: name, weight: name == "d" ? 0 : 1, configuration: configuration,
        files: [], sha256: [],
        data: data
          ? PlannedData(
            file: "data", rows: 300, examples: 300, tokens: 300 * 20, truncated: 0, squaredLengths: 300 * 400,
            blocks: 12, longest: 20, maximumLength: 512, digest: "") : nil,
        statistics: data
          ? nil
          : PlannedStatistics(files: ["f"], expectation: "none", examples: 300, tokens: 6000, sha256: [], warnings: []))
    }
    return Plan(
      method: MethodSettings(declaration, values), sampling: Sampling(),
      statistics: StatisticKind.named(declaration.usualStatistics), models: models)
  }

  private static func gram(data: Bool, _ values: [String: SettingValue] = [:]) throws -> Plan {
    try base("regmean", values, data: data)
  }

  /// Multiplications and additions for one row: the panels that ``GramMatrices`` forms, entry by entry.
  private func tiles(_ n: Int) -> Int {
    var count = 0
    for row in 0..<n { for column in 0..<n where row < (column / 32 + 1) * 32 { count += 2 } }
    return count
  }

  @Test("a Gram matrix costs its tiles, for any size", arguments: [1, 18, 64, 65, 200, 768])
  func gramTiles(inputs: Int) {
    #expect(GramMatrices<Float>.operationsPerRow(inputs: inputs) == Double(tiles(inputs)))
  }

  @Test("estimating the Gram matrices of BERT-base costs what its products count")
  func gramEstimation() throws {
    let plan = try Self.gram(data: true)
    let forecast = Forecast(plan.models[0], plan: plan, convertedBytes: 0)
    // Per token and layer, in multiplications: four products 768 × 768 and two 768 × 3072; 2 · 20 · 768 for the
    // attention.
    let layer = 6000 * (4 * 768 * 768 + 2 * 768 * 3072 + 2 * 20 * 768)
    // Gradients need of the last layer K and V for all tokens and the rest for [CLS].
    let lastForHead = 6000 * 2 * 768 * 768 + 300 * (4 * 768 * 768 + 2 * 768 * 3072)
    // 24 panels of 32 columns for 768 inputs, 96 for 3072, down to the diagonal: 32² · (1 + … + 24) and 32² · (1 + … +
    // 96).
    let narrow = 32 * 32 * 300
    let wide = 32 * 32 * 4656
    let grams = 12 * 6000 * (3 * narrow + wide) + 300 * narrow
    #expect(forecast.operations == Double(2 * (12 * layer + grams)))
    var both = try Self.gram(data: true)
    both.statistics = [.gram, .maskFisher]
    // Two classes: one column, so forward and back, and the last layer once more for all tokens.
    #expect(
      Forecast(both.models[0], plan: both, convertedBytes: 0).operations
        == Double(2 * (2 * (11 * layer + lastForHead) + layer + grams)))
  }

  @Test("the sums of Gram matrices are a packed triangle, a row of sums and two numbers for each place")
  func gramMemory() throws {
    let plan = try Self.gram(data: true)
    let forecast = Forecast(plan.models[0], plan: plan, convertedBytes: 1000)
    let (narrow, wide) = (768 * 769 / 2 + 768 + 2, 3072 * 3073 / 2 + 3072 + 2)
    // And how often each token occurs.
    let sums = 8 * (12 * (3 * narrow + wide) + narrow + 30522)
    #expect(forecast.messageBytes == sums)
    // Nothing is kept for a backward pass: one layer, the embeddings, three matrices between the layers, the panels of
    // one input.
    let activations = 4 * (512 * (6 * 768 + 3072) + 512 * 20 * 12 + 4 * 512 * 768 + 512 * 3072)
    #expect(forecast.activationBytes == activations)
    #expect(forecast.memoryPerRank == Forecast.programBytes + 1000 + activations)
  }

  @Test("masks, those of tokens and their second moments are what is reduced for mask Fishers")
  func masks() throws {
    let plan = try Self.base("mask_fisher", data: true)
    let forecast = Forecast(plan.models[0], plan: plan, convertedBytes: 0)
    #expect(forecast.messageBytes == 8 * (2 * 12 * (12 + 3072) + 30522 + 2))
    #expect(SolveForecast(plan, convertedBytes: [0, 0, 0, 0]) == nil)
  }

  @Test("statistics from files cost no estimation", arguments: [StatisticKind.gram, .fisher, .maskFisher])
  func files(kind: StatisticKind) throws {
    var plan = try Self.gram(data: false)
    plan.statistics = [kind]
    let forecast = Forecast(plan.models[0], plan: plan, convertedBytes: 1000)
    #expect(forecast.operations == 0 && forecast.messageBytes == 0 && forecast.activationBytes == 0)
    #expect(forecast.memoryPerRank == Forecast.programBytes)
  }

  @Test("solving costs factorisations, triangular solves and the products of the models that count")
  func solves() throws {
    let forecast = try #require(SolveForecast(try Self.gram(data: false), convertedBytes: [0, 0, 0, 0]))
    // n²/3 multiplications and additions per row of the factorisation; per row of W two triangular solves, and a
    // product for each of the three models with a weight.
    func system(_ n: Double, _ outputs: Double) -> Double { n * n * n / 3 + outputs * 2 * n * n * (1 + 3) }
    let expected =
      12 * (system(768, 3 * 768) + system(768, 768) + system(768, 3072) + system(3072, 768)) + system(768, 768)
    #expect(abs(forecast.solveOperations - expected) <= 1e-12 * expected)
    #expect(forecast.layerOperations == 0)
    // All solved layers, weights and biases, are what travels at most.
    let solved = 4 * (12 * (4 * 768 * 769 + 3072 * 769 + 768 * 3073) + 768 * 769)
    #expect(forecast.messageBytes == solved)
    // The largest system: two squares, two copies of the layer and one tile of 256 rows, of order 3073 with the bias.
    let largest = 8 * 3073 * (2 * 3073 + 2 * 768 + 256)
    #expect(forecast.memoryPerRank == Forecast.programBytes + largest + solved)
    let halves = try #require(SolveForecast(try Self.gram(data: false), convertedBytes: [0, 9, 0, 0]))
    #expect(halves.memoryPerRank == forecast.memoryPerRank + 4 * 3073 * 768)
    let plain = try #require(
      SolveForecast(try Self.gram(data: false, ["pooler": .word("mean")]), convertedBytes: [0, 0, 0, 0]))
    #expect(plain.messageBytes == solved - 4 * 768 * 769)
  }

  @Test("RegMean++ goes through every layer twice and keeps the tokens of all models")
  func layerwise() throws {
    let plan = try Self.base("regmean++", data: true)
    #expect(Forecast(plan.models[0], plan: plan, convertedBytes: 0).operations == 0)
    let forecast = try #require(SolveForecast(plan, convertedBytes: [0, 0, 0, 0]))
    let layer = 6000 * (4 * 768 * 768 + 2 * 768 * 3072 + 2 * 20 * 768)
    let grams = 12 * 6000 * 32 * 32 * (3 * 300 + 4656) + 300 * 32 * 32 * 300
    #expect(forecast.layerOperations == Double(4 * 2 * (2 * 12 * layer + grams)))
    let regMean = try #require(SolveForecast(try Self.gram(data: false), convertedBytes: [0, 0, 0, 0]))
    #expect(forecast.solveOperations == regMean.solveOperations)
    #expect(forecast.memoryPerRank > regMean.memoryPerRank + 4 * 4 * 6000 * 768)
  }

  @Test("a limit on activations is a rank's own, and no more than there are")
  func activations() throws {
    let plan = try Self.base("distill", data: true)
    let forecast = try #require(SolveForecast(plan, convertedBytes: [0, 0, 0, 0]))
    #expect(forecast.activationBytes == 4 * 6000 * 4 * (2 * 3072 + 3 * 768))
    func demand(_ limit: Int?) -> MemoryDemand {
      MemoryDemand([], forecast, nil, activationBytes: limit)
    }
    #expect(demand(nil) == MemoryDemand(perRank: forecast.memoryPerRank, perHost: forecast.activationBytes, onRoot: 0))
    #expect(demand(1000) == MemoryDemand(perRank: forecast.memoryPerRank + 1000, perHost: 0, onRoot: 0))
    #expect(demand(.max).perRank == forecast.memoryPerRank + forecast.activationBytes)
  }
}
