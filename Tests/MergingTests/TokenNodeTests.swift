import LinearAlgebra
import Parameters
import Testing

@testable import Merging

@Suite("Tokens as nodes of a mask Fisher merge")
struct TokenNodeTests {
  private static let role = ParameterRole(.embeddings, .tokens)
  private static let tokens = 11

  /// Sums of the tokens' masks: token 4 is nobody's, token 6 the second model's alone.
  private static func sums(models: Int, seed: UInt64) -> [[Double]] {
    var random = SplitMix64(seed: seed)
    return (0..<models).map { model in
      (0..<tokens).map { token in
        token == 4 || (token == 6 && model != 1) ? 0 : [1, 40, 0.003][model % 3] * random.square()
      }
    }
  }

  private static func weights(
    _ oracle: MaskOracle, _ tokenSums: [[Double]], _ normalize: MaskFisherRule.Normalization, tokenNodes: Bool = true
  ) throws -> MaskFisherWeights {
    try MaskFisherWeights(
      oracle.sums(), tokenSums: tokenSums,
      rule: MaskFisherRule(rule: .structural, normalize: normalize, tokenNodes: tokenNodes),
      coefficients: oracle.coefficients())
  }

  @Test("each row has the weights of its own token", arguments: MaskFisherRule.Normalization.allCases, [2, 3, 5])
  func rows(normalize: MaskFisherRule.Normalization, models: Int) throws {
    let oracle = MaskOracle(models: models, seed: 3)
    let (sums, coefficients) = (Self.sums(models: models, seed: 4), try oracle.coefficients())
    let site = try Self.weights(oracle, sums, normalize).weights(at: Self.role)
    #expect(site.axis == .rows && site.blockCount == Self.tokens && site.plainBlocks == 0)
    // The table in plain loops.
    var t: [[Double]] = []
    for model in 0..<models {
      var total = 0.0
      for value in sums[model] { total += value }
      t.append(sums[model].map { normalize == .model ? $0 / total : $0 / Double(oracle.counts[model]) })
    }
    var mean = 0.0
    for row in t { for value in row { mean += value / Double(models * Self.tokens) } }
    for model in 0..<models {
      for token in 0..<Self.tokens {
        let expected = coefficients.values[model] * (t[model][token] + 1e-6 * mean)
        #expect(abs(site.values[model][token] - expected) <= 1e-12 * expected)
      }
    }
    var random = SplitMix64(seed: 9)
    let sources = (0..<models).map { _ in Tensor.random(rows: Self.tokens, columns: 3, &random) }
    let (target, plain) = (Tensor(rows: Self.tokens, columns: 3), Tensor(rows: Self.tokens, columns: 3))
    try site.average(sources.map(\.matrix), into: target.matrix, tensor: "t")
    try SiteWeights.linear(coefficients).average(sources.map(\.matrix), into: plain.matrix, tensor: "t")
    #expect(firstNonFinite(target.vector) == nil)
    for column in 0..<3 {
      #expect(isNear(target.matrix[4, column], plain.matrix[4, column]))
      let (own, found) = (sources[1].matrix[6, column], target.matrix[6, column])
      #expect(abs(found - own) <= 1e-2 * max(1, abs(own)))
    }
  }

  @Test("masks that are zero everywhere give the plain average", arguments: MaskFisherRule.Normalization.allCases)
  func zeros(normalize: MaskFisherRule.Normalization) throws {
    let oracle = MaskOracle(models: 3, seed: 3)
    let none = [Double](repeating: 0, count: Self.tokens)
    let site = try Self.weights(oracle, [none, none, none], normalize).weights(at: Self.role)
    #expect(site.plainBlocks == Self.tokens)
    let coefficients = try oracle.coefficients()
    #expect(site.values == coefficients.values.map { [Double](repeating: $0, count: Self.tokens) })
    // A model without any gradient leaves the rows to the others.
    var sums = Self.sums(models: 3, seed: 5)
    sums[0] = none
    let two = try Self.weights(oracle, sums, normalize).weights(at: Self.role)
    #expect(Set(two.values[0]).count == 1 && two.values[0][0] > 0 && two.sums.allSatisfy { $0.isFinite })
    #expect(two.plainBlocks == 0)
  }

  @Test("normalised per model, a model's scale has no effect")
  func scale() throws {
    let oracle = MaskOracle(models: 2, seed: 8)
    let sums = Self.sums(models: 2, seed: 6)
    // 1024 divides out exactly.
    let scaled = [sums[0], sums[1].map { $0 * 1024 }]
    func site(_ sums: [[Double]], _ normalize: MaskFisherRule.Normalization) throws -> SiteWeights {
      try Self.weights(oracle, sums, normalize).weights(at: Self.role)
    }
    #expect(try site(sums, .model) == site(scaled, .model))
    #expect(try site(sums, .none) != site(scaled, .none))
  }

  @Test("everything but the word embeddings, and rules without token nodes, are as they were")
  func others() throws {
    let oracle = MaskOracle(models: 3, seed: 2)
    let with = try Self.weights(oracle, Self.sums(models: 3, seed: 7), .model)
    let without = try Self.weights(oracle, [], .model, tokenNodes: false)
    for site in oracle.sites { #expect(try with.weights(at: site.role) == without.weights(at: site.role)) }
    #expect(try without.weights(at: Self.role).axis == .whole)
    #expect(!MaskFisherRule.fisherNodes.tokenNodes && !MaskFisherRule.fisherNodesProgram.tokenNodes)
  }

  @Test("sums of other numbers of models or tokens and impossible values are refused by the model's name")
  func refusals() throws {
    let oracle = MaskOracle(models: 2, seed: 2)
    #expect(throws: MergingError.countMismatch(subject: "models", what: "token masks", expected: 2, found: 1)) {
      try Self.weights(oracle, [[1]], .model)
    }
    #expect(throws: MergingError.countMismatch(subject: "model1", what: "token masks", expected: 2, found: 1)) {
      try Self.weights(oracle, [[1, 2], [1]], .model)
    }
    for value in [-1, .infinity, .nan] as [Double] {
      #expect(throws: MergingError.self) { try Self.weights(oracle, [[1, 2], [1, value]], .model) }
    }
  }
}
