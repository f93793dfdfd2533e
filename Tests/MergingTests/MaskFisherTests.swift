import LinearAlgebra
import Parameters
import Testing

@testable import Merging

@Suite("Mask Fisher merging")
struct MaskFisherTests {
  static let rules = MaskFisherRule.Assignment.allCases.flatMap { rule in
    MaskFisherRule.Normalization.allCases.map { MaskFisherRule(rule: rule, normalize: $0) }
  }

  /// Merges random tensors at every site.
  static func mergeAll(
    _ oracle: MaskOracle, _ rule: MaskFisherRule, seed: UInt64,
    body: (Site, [Tensor], Tensor, SiteWeights) throws -> Void
  ) throws {
    var random = SplitMix64(seed: seed)
    let weights = try MaskFisherWeights(oracle.sums(), rule: rule, coefficients: oracle.coefficients())
    for site in oracle.sites {
      let (rows, columns) = oracle.shape(site)
      let sources = oracle.lambda.map { _ in Tensor.random(rows: rows, columns: columns, &random) }
      let target = Tensor(rows: rows, columns: columns)
      let siteWeights = try weights.weights(at: site.role)
      try siteWeights.average(sources.map(\.matrix), into: target.matrix, tensor: "t")
      try body(site, sources, target, siteWeights)
    }
  }

  @Test("Every site gets the weights of the published or the structural table", arguments: rules, [2, 3, 5])
  func table(rule: MaskFisherRule, models: Int) throws {
    let oracle = MaskOracle(models: models, seed: UInt64(models))
    try Self.mergeAll(oracle, rule, seed: 99) { site, sources, target, _ in
      for row in 0..<target.matrix.rows {
        for column in 0..<target.matrix.columns {
          let expected = oracle.merged(
            rule, site, row: row, column: column, sources: sources.map { $0.matrix[row, column] })
          #expect(isNear(target.matrix[row, column], expected), "\(site) at [\(row), \(column)]")
        }
      }
    }
  }

  @Test("Parts of a tensor have the weights that they would have alone", arguments: rules)
  func parts(rule: MaskFisherRule) throws {
    let oracle = MaskOracle(models: 3, seed: 4)
    let weights = try MaskFisherWeights(oracle.sums(), rule: rule, coefficients: oracle.coefficients())
    let (looks, gives) = (
      ParameterRole.Spread.rows(.heads, isScaled: false), ParameterRole.Spread.rows(.heads, isScaled: true)
    )
    for layer in 0..<2 {
      let fused = try weights.weights(at: ParameterRole(.attention, .parts([looks, looks, gives]), uses: [layer]))
      let query = try weights.weights(at: Site.layer(layer, .query, .weight).role)
      let value = try weights.weights(at: Site.layer(layer, .value, .weight).role)
      #expect(fused.axis == .rows && fused.blockCount == 9)
      for model in 0..<3 {
        let own = value.values[model]
        let ofValue = own.count == 1 ? [own[0], own[0], own[0]] : own
        #expect(fused.values[model] == query.values[model] + query.values[model] + ofValue)
      }
      let neurons = ParameterRole.Spread.rows(.neurons, isScaled: false)
      let gated = try weights.weights(at: ParameterRole(.feedForward, .parts([neurons, neurons]), uses: [layer]))
      let single = try weights.weights(at: Site.layer(layer, .intermediate, .bias).role)
      #expect(gated.values == single.values.map { $0 + $0 } && gated.axis == .rows)
    }
  }

  @Test("A parameter that layers share has the sum of their weights", arguments: rules)
  func shared(rule: MaskFisherRule) throws {
    let oracle = MaskOracle(models: 2, seed: 6)
    let weights = try MaskFisherWeights(oracle.sums(), rule: rule, coefficients: oracle.coefficients())
    for part in Site.Part.allCases {
      let roles = [0, 1].map { Site.layer($0, part, .weight).role }
      let own = try roles.map { try weights.weights(at: $0) }
      let role = ParameterRole(roles[0].stage, roles[0].spread, uses: [0, 1], input: roles[0].input)
      let both = try weights.weights(at: role)
      #expect(both.axis == own[0].axis && both.blockCount == own[0].blockCount)
      for model in 0..<2 {
        for block in 0..<both.blockCount where own.allSatisfy({ $0.sums[block] > 0 }) {
          // A layer in which all models are dead has the plain average by itself, and adds nothing here.
          let values = own.indices.map { own[$0].plainBlocks > 0 ? nil : own[$0].values[model][block] }
          guard !values.contains(nil) else { continue }
          let sum = values.compactMap(\.self).reduce(0, +)
          #expect(abs(both.values[model][block] - sum) <= 1e-12 * sum, "\(part)")
        }
      }
    }
    #expect(throws: MergingError.noSuchLayer(2, layers: 2)) {
      try weights.weights(at: ParameterRole(.attention, uses: [0, 2]))
    }
  }

  @Test("A head that is dead in all models, or alive by noise alone, is averaged plainly")
  func deadMasks() throws {
    let oracle = MaskOracle(models: 3, seed: 5)
    let rule = MaskFisherRule(rule: .structural, normalize: .model)
    let coefficients = try oracle.coefficients()
    let weights = try MaskFisherWeights(oracle.sums(), rule: rule, coefficients: coefficients)
    let query = try weights.weights(at: Site.layer(1, .query, .weight).role)
    let output = try weights.weights(at: Site.layer(0, .output, .weight).role)
    #expect(query.values.map { $0[2] } == coefficients.values)
    #expect(output.values.map { $0[3] } == coefficients.values)
    #expect(query.plainBlocks == 1 && output.plainBlocks == 1)
    // One model's dead neuron gives way to the others.
    let alive = try weights.weights(at: Site.layer(1, .intermediate, .bias).role)
    #expect(alive.values[0][0] == 0 && alive.values[1][0] > 0 && alive.plainBlocks == 0)
  }

  @Test("Masks that are zero everywhere give the plain average at every site", arguments: rules)
  func allZero(rule: MaskFisherRule) throws {
    var oracle = MaskOracle(models: 3, seed: 6)
    for model in 0..<3 {
      for layer in 0..<oracle.layers {
        oracle.head[model][layer] = oracle.head[model][layer].map { _ in 0 }
        oracle.neuron[model][layer] = oracle.neuron[model][layer].map { _ in 0 }
      }
    }
    let plain = SiteWeights.linear(try oracle.coefficients())
    try Self.mergeAll(oracle, rule, seed: 7) { site, sources, target, _ in
      let expected = Tensor(rows: target.matrix.rows, columns: target.matrix.columns)
      try plain.average(sources.map(\.matrix), into: expected.matrix, tensor: "t")
      #expect(sameBits(target.array, expected.array), "\(site)")
    }
  }

  @Test("Normalised per model, a model's scale has no effect; unnormalised it has")
  func scaleInvariance() throws {
    let oracle = MaskOracle(models: 3, seed: 8)
    var scaled = oracle
    for layer in 0..<oracle.layers {
      // 1024 divides out exactly.
      scaled.head[1][layer] = oracle.head[1][layer].map { $0 * 1024 }
      scaled.neuron[1][layer] = oracle.neuron[1][layer].map { $0 * 1024 }
    }
    func weights(_ oracle: MaskOracle, _ normalize: MaskFisherRule.Normalization) throws -> [SiteWeights] {
      let weights = try MaskFisherWeights(
        oracle.sums(), rule: MaskFisherRule(rule: .structural, normalize: normalize),
        coefficients: oracle.coefficients())
      return try oracle.sites.map { try weights.weights(at: $0.role) }
    }
    #expect(try weights(oracle, .model) == weights(scaled, .model))
    #expect(try weights(oracle, .none) != weights(scaled, .none))
  }

  @Test("The statistic of a model is divided by its number of examples")
  func exampleCounts() throws {
    let sums = try [4, 8].map {
      try MaskFisherSums(
        model: "m", layers: 1, heads: 2, neurons: 1, headSums: [8, 16], neuronSums: [24], exampleCount: $0)
    }
    let means = sums.map(MaskFisherMeans.init)
    #expect(means[0].head == [[2, 4]] && means[0].headMean == [3] && means[0].neuronMean == [6])
    #expect(means[0].overall == 9 && means[1].overall == 4.5)
    #expect(means[0].normalized().head[0][0] == 2.0 / 9.0 && means[0].normalized().overall == 1)
  }

  @Test("Statistics of other shapes, of no examples or with impossible values are refused by the model's name")
  func refusals() throws {
    func sums(
      _ model: String, heads: [Double] = [1, 2], neurons: [Double] = [1, 2, 3], count: Int = 4
    ) throws(MergingError) -> MaskFisherSums {
      try MaskFisherSums(
        model: model, layers: 1, heads: 2, neurons: neurons.count, headSums: heads, neuronSums: neurons,
        exampleCount: count)
    }
    #expect(throws: MergingError.noExamples(subject: "a")) { try sums("a", count: 0) }
    #expect(throws: MergingError.countMismatch(subject: "a", what: "head masks", expected: 2, found: 3)) {
      try sums("a", heads: [1, 2, 3])
    }
    #expect(throws: MergingError.invalidStatistic(subject: "a, head masks", element: 1, value: -2)) {
      try sums("a", heads: [1, -2])
    }
    #expect(throws: MergingError.invalidStatistic(subject: "a, neuron masks", element: 0, value: .infinity)) {
      try sums("a", neurons: [.infinity, 1])
    }
    let coefficients = try Coefficients.uniform(models: ["a", "b"])
    #expect(throws: MergingError.countMismatch(subject: "b", what: "neurons", expected: 3, found: 2)) {
      try MaskFisherWeights(
        [sums("a"), sums("b", neurons: [1, 2])], rule: Self.rules[0], coefficients: coefficients)
    }
    #expect(throws: MergingError.countMismatch(subject: "models", what: "mask statistics", expected: 2, found: 1)) {
      try MaskFisherWeights([sums("a")], rule: Self.rules[0], coefficients: coefficients)
    }
    let weights = try MaskFisherWeights([sums("a"), sums("b")], rule: Self.rules[0], coefficients: coefficients)
    #expect(throws: MergingError.noSuchLayer(1, layers: 1)) {
      try weights.weights(at: Site.layer(1, .query, .bias).role)
    }
  }
}
