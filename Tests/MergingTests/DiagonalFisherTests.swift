import LinearAlgebra
import Testing

@testable import Merging

@Suite("Diagonal Fisher merging")
struct DiagonalFisherTests {
  static let rules: [DiagonalFisherRule] = DiagonalFisherRule.Normalization.allCases.flatMap { normalize in
    DiagonalFisherRule.FloorOrder.allCases.flatMap { order in
      [0, 1e-6, 0.01].flatMap { floor in
        [nil, 1].map { DiagonalFisherRule(floor: floor, normalize: normalize, floorOrder: order, floorOnly: $0) }
      }
    }
  }

  @Test("Every entry is the Fisher-weighted average of its sources", arguments: rules, [2, 4])
  func formula(rule: DiagonalFisherRule, models: Int) throws {
    let oracle = FisherOracle(models: models, seed: UInt64(models))
    let merged = try oracle.merge(rule).tensors
    for p in oracle.parameters.indices {
      for element in 0..<oracle.parameters[p].count {
        let expected = oracle.merged(rule, p, element)
        #expect(isNear(merged[p][element], expected), "\(oracle.parameters[p].name)[\(element)]")
      }
    }
  }

  @Test("Without a floor, entries that no model's data touches are averaged plainly, noise or not")
  func plainEntries() throws {
    let oracle = FisherOracle(models: 3, seed: 31)
    for normalize in DiagonalFisherRule.Normalization.allCases {
      let (tensors, plain) = try oracle.merge(DiagonalFisherRule(floor: 0, normalize: normalize))
      #expect(plain == [10, 0, 12, 0, 0])
      let average = Tensor(rows: 12)
      try SiteWeights.linear(oracle.coefficients())
        .average(oracle.theta.map { $0[2].matrix }, into: average.matrix, tensor: "key.bias")
      #expect(sameBits(tensors[2], average.array))
      // Entries that one model's data touches are that model's.
      #expect(sameBits(Array(tensors[0][10..<20]), Array(oracle.theta[1][0].array[10..<20])))
    }
    let (_, plain) = try oracle.merge(.standard)
    #expect(plain == [0, 0, 0, 0, 0])
  }

  @Test("Weights so small that their products would leave the range of Double count as zero")
  func vanishingWeights() throws {
    let tiny = Float.leastNormalMagnitude / 64
    let theta = [Tensor([tiny, 5]), Tensor([3 * tiny, 7])]
    let coefficients = try Coefficients([1, 3], models: names(2))
    let rule = DiagonalFisherRule(floor: 0, normalize: .none)
    var running = RunningMerge(tensor: "t", count: 2)
    for model in 0..<2 {
      let sums = Sums([1e-290, 2e-290])
      var magnitudes = try FisherMagnitudes(model: "m", exampleCount: 1)
      try magnitudes.add(Site.pooler.parameter("t", count: 1), sums: sums.vector)
      let weighting = try rule.weighting(of: "t", magnitudes: magnitudes, model: model, coefficients: coefficients)
      try running.fold(theta[model].vector, fisherSums: sums.vector, weighting: weighting)
    }
    let target = Tensor(rows: 2)
    let plain = try running.finish(into: target.vector, coefficients: coefficients, sources: theta.map(\.vector))
    #expect(plain == 2 && areNear(target.array, [2.5 * tiny, 6.5]))
    let masks = SiteWeights(.whole, statistics: [[1e-290], [2e-290]], coefficients: coefficients)
    #expect(masks.values == [[0.25], [0.75]] && masks.plainBlocks == 1)
  }

  @Test("Floored for the target alone, untouched entries keep the target's values")
  func favourTarget() throws {
    let oracle = FisherOracle(models: 3, seed: 32)
    let rule = DiagonalFisherRule(floor: 1e-6, normalize: .global, floorOnly: 2)
    let merged = try oracle.merge(rule).tensors
    #expect(sameBits(Array(merged[0][0..<10]), Array(oracle.theta[2][0].array[0..<10])))
    #expect(sameBits(merged[2], oracle.theta[2][2].array))
  }

  @Test("A floor after the norm weighs untouched entries alike, a floor before it prefers the smallest norm")
  func floorOrder() throws {
    let oracle = FisherOracle(models: 3, seed: 33)
    let plain = Tensor(rows: 40)
    try SiteWeights.linear(oracle.coefficients())
      .average(oracle.theta.map { $0[0].matrix }, into: plain.matrix, tensor: "words")
    let after = try oracle.merge(DiagonalFisherRule(floor: 1e-6, normalize: .global)).tensors[0]
    #expect(areNear(Array(after[0..<10]), Array(plain.array[0..<10])))
    let before = try oracle.merge(
      DiagonalFisherRule(floor: 1e-6, normalize: .global, floorOrder: .beforeNormalizing)
    ).tensors[0]
    // Model 2 has the smallest norm by a factor of more than 100.
    for element in 0..<10 {
      let distance = abs(before[element] - oracle.theta[2][0].array[element])
      #expect(distance < abs(after[element] - oracle.theta[2][0].array[element]))
      #expect(distance < 0.1)
    }
  }

  @Test("Normalised globally and without a floor, a model's scale has no effect")
  func scaleInvariance() throws {
    let oracle = FisherOracle(models: 2, seed: 34)
    func weighting(_ factor: Double, _ normalize: DiagonalFisherRule.Normalization) throws -> [Float] {
      let coefficients = try oracle.coefficients()
      var running = RunningMerge(tensor: "output.weight", count: 30)
      for model in 0..<2 {
        let values = oracle.sums[model][4].array.map { model == 0 ? $0 * factor : $0 }
        let sums = Sums(values)
        var magnitudes = try FisherMagnitudes(model: "m", exampleCount: 8)
        try magnitudes.add(oracle.parameters[4], sums: sums.vector)
        let weighting = try DiagonalFisherRule(floor: 0, normalize: normalize)
          .weighting(of: "output.weight", magnitudes: magnitudes, model: model, coefficients: coefficients)
        try running.fold(oracle.theta[model][4].vector, fisherSums: sums.vector, weighting: weighting)
      }
      let target = Tensor(rows: 30)
      try running.finish(into: target.vector, coefficients: coefficients, sources: oracle.theta.map { $0[4].vector })
      return target.array
    }
    // A power of four has an exact root.
    #expect(try sameBits(weighting(1, .global), weighting(4096, .global)))
    #expect(try sameBits(weighting(1, .tensor), weighting(4096, .tensor)))
    #expect(try !areNear(weighting(1, .none), weighting(4096, .none)))
  }

  @Test("Sums whose norm no Double holds are refused by model and tensor", arguments: [1e154, 1e200, 1.7e308])
  func tooLarge(value: Double) throws {
    let oracle = FisherOracle(models: 2, seed: 34)
    var magnitudes = try FisherMagnitudes(model: "m", exampleCount: 8)
    let parameter = oracle.parameters[4]
    var values = oracle.sums[0][4].array
    values[3] = value
    values[7] = value
    #expect(throws: MergingError.tooLarge(subject: "m, \(parameter.name)", value: value)) {
      try magnitudes.add(parameter, sums: Sums(values).vector)
    }
    // What is just below is taken.
    values[3] = 1e153
    values[7] = 1e153
    try magnitudes.add(parameter, sums: Sums(values).vector)
    #expect(magnitudes.norm.isFinite)
  }

  @Test("A model without any Fisher takes part by the floor alone", arguments: DiagonalFisherRule.FloorOrder.allCases)
  func zeroModel(order: DiagonalFisherRule.FloorOrder) throws {
    let theta = [Tensor([1]), Tensor([3])]
    let sums = [Sums([0.0]), Sums([4.0])]
    func merged(_ rule: DiagonalFisherRule) throws -> Float {
      let coefficients = try Coefficients.uniform(models: names(2))
      var running = RunningMerge(tensor: "t", count: 1)
      for model in 0..<2 {
        var magnitudes = try FisherMagnitudes(model: "m", exampleCount: 1)
        try magnitudes.add(Site.pooler.parameter("t", count: 1), sums: sums[model].vector)
        try running.fold(
          theta[model].vector, fisherSums: sums[model].vector,
          weighting: rule.weighting(of: "t", magnitudes: magnitudes, model: model, coefficients: coefficients))
      }
      let target = Tensor(rows: 1)
      try running.finish(into: target.vector, coefficients: coefficients, sources: theta.map(\.vector))
      return target.array[0]
    }
    for normalize in [DiagonalFisherRule.Normalization.global, .tensor] {
      #expect(try merged(DiagonalFisherRule(floor: 0, normalize: normalize, floorOrder: order)) == 3)
      #expect(try merged(DiagonalFisherRule(floor: 1, normalize: normalize, floorOrder: order)) == 2)
    }
  }

  @Test("Equal models merge to the same model bit for bit, whatever their Fishers", arguments: rules)
  func equalModels(rule: DiagonalFisherRule) throws {
    let oracle = FisherOracle(models: 3, seed: 35)
    let coefficients = try oracle.coefficients()
    for p in oracle.parameters.indices {
      var values = oracle.theta[0][p].array
      values.replaceSubrange(0..<3, with: [-0.0, 0, .leastNonzeroMagnitude])
      let theta = Tensor(values)
      var running = RunningMerge(tensor: "t", count: theta.vector.count)
      for model in 0..<3 {
        let weighting = try rule.weighting(
          of: oracle.parameters[p].name, magnitudes: oracle.magnitudes(model), model: model,
          coefficients: coefficients)
        try running.fold(theta.vector, fisherSums: oracle.sums[model][p].vector, weighting: weighting)
      }
      let target = Tensor(rows: theta.vector.count)
      try running.finish(into: target.vector, coefficients: coefficients, sources: [theta, theta, theta].map(\.vector))
      #expect(sameBits(target.array, values))
    }
  }

  @Test("Sources are asked for again only where an entry needs the plain average, one after the other")
  func secondPass() throws {
    let oracle = FisherOracle(models: 2, seed: 36)
    let coefficients = try oracle.coefficients()
    func run(_ rule: DiagonalFisherRule, _ p: Int) throws -> [Int] {
      var running = RunningMerge(tensor: "t", count: oracle.parameters[p].count)
      for model in 0..<2 {
        let weighting = try rule.weighting(
          of: oracle.parameters[p].name, magnitudes: oracle.magnitudes(model), model: model,
          coefficients: coefficients)
        try running.fold(
          oracle.theta[model][p].vector, fisherSums: oracle.sums[model][p].vector, weighting: weighting)
      }
      var asked: [Int] = []
      let target = Tensor(rows: oracle.parameters[p].count)
      // One buffer serves all models, as where a tensor is converted from a narrower type.
      let buffer = Tensor(rows: oracle.parameters[p].count)
      try running.finish(into: target.vector, coefficients: coefficients) { model in
        asked.append(model)
        for i in 0..<buffer.vector.count { buffer.vector[i] = oracle.theta[model][p].array[i] }
        return buffer.vector
      }
      for element in 0..<target.vector.count { #expect(isNear(target.array[element], oracle.merged(rule, p, element))) }
      return asked
    }
    let bare = DiagonalFisherRule(floor: 0, normalize: .none)
    #expect(try run(bare, 0) == [0, 1])
    #expect(try run(bare, 4) == [])
    #expect(try run(.standard, 0) == [])
  }
}
