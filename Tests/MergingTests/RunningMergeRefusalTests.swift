import Diagnostics
import LinearAlgebra
import Testing

@testable import Merging

@Suite("What a Fisher merge refuses")
struct RunningMergeRefusalTests {
  let coefficients: Coefficients
  let magnitudes: FisherMagnitudes
  let one = Tensor([1, 1])
  let sums = Sums([1.0, 2.0])

  init() throws {
    coefficients = try Coefficients.uniform(models: ["a", "b"])
    var magnitudes = try FisherMagnitudes(model: "a", exampleCount: 2)
    try magnitudes.add(Site.pooler.parameter("t", count: 1), sums: Sums([1.0, 2.0]).vector)
    self.magnitudes = magnitudes
  }

  private func weighting(_ rule: DiagonalFisherRule = .standard, tensor: String = "t", model: Int = 0) throws
    -> FisherWeighting
  {
    try rule.weighting(of: tensor, magnitudes: magnitudes, model: model, coefficients: coefficients)
  }

  @Test("Settings out of range")
  func settings() {
    for floor in [-1e-6, .infinity] {
      #expect(throws: MergingError.invalidFloor(floor)) {
        try weighting(DiagonalFisherRule(floor: floor, normalize: .none))
      }
    }
    #expect(throws: MergingError.self) { try weighting(DiagonalFisherRule(floor: .nan, normalize: .none)) }
    #expect(throws: MergingError.invalidFloorTarget(index: 2, models: 2)) {
      try weighting(DiagonalFisherRule(floor: 0, normalize: .none, floorOnly: 2))
    }
    #expect(throws: MergingError.countMismatch(subject: "a", what: "weights", expected: 3, found: 2)) {
      try weighting(model: 2)
    }
  }

  @Test("Statistics that are no sums of squares, by model and tensor")
  func statistics() throws {
    #expect(throws: MergingError.noExamples(subject: "a")) { try FisherMagnitudes(model: "a", exampleCount: 0) }
    #expect(throws: MergingError.unmeasuredTensor(model: "a", tensor: "other")) { try weighting(tensor: "other") }
    var magnitudes = magnitudes
    #expect(throws: MergingError.invalidStatistic(subject: "a, s", element: 1, value: -1)) {
      try magnitudes.add(Site.pooler.parameter("s", count: 1), sums: Sums([0.0, -1]).vector)
    }
    #expect(throws: MergingError.invalidStatistic(subject: "a, s", element: 0, value: .infinity)) {
      try magnitudes.add(Site.pooler.parameter("s", count: 1), sums: Sums([Double.infinity]).vector)
    }
    #expect(throws: MergingError.self) {
      try magnitudes.add(Site.pooler.parameter("s", count: 1), sums: Sums([Double.nan]).vector)
    }
    #expect(throws: MergingError.invalidStatistic(subject: "a, s", element: 3, value: -2)) {
      try magnitudes.add(Site.pooler.parameter("s", count: 1)) { take in
        try take(Sums([0.0, 1]).vector)
        try take(Sums([0.0, -2]).vector)
      }
    }
  }

  @Test("Tensors of other sizes, and a result before all models are folded in")
  func sizes() throws {
    var running = RunningMerge(tensor: "t", count: 2)
    let weighting = try weighting()
    #expect(throws: MergingError.countMismatch(subject: "t", what: "elements", expected: 2, found: 3)) {
      try running.fold(Tensor([1, 2, 3]).vector, fisherSums: sums.vector, weighting: weighting)
    }
    #expect(throws: MergingError.countMismatch(subject: "t", what: "Fisher values", expected: 2, found: 1)) {
      try running.fold(one.vector, fisherSums: Sums([1.0]).vector, weighting: weighting)
    }
    try running.fold(one.vector, fisherSums: sums.vector, weighting: weighting)
    let target = Tensor(rows: 2)
    let sources = [one.vector, one.vector]
    #expect(throws: MergingError.countMismatch(subject: "t", what: "models folded", expected: 2, found: 1)) {
      try running.finish(into: target.vector, coefficients: coefficients, sources: sources)
    }
    try running.fold(one.vector, fisherSums: sums.vector, weighting: weighting)
    #expect(throws: MergingError.countMismatch(subject: "t", what: "elements of the result", expected: 2, found: 1)) {
      try running.finish(into: Tensor(rows: 1).vector, coefficients: coefficients, sources: sources)
    }
    try running.finish(into: target.vector, coefficients: coefficients, sources: sources)
    #expect(target.array == [1, 1])
    #expect(throws: MergingError.countMismatch(subject: "t", what: "models folded", expected: 2, found: 0)) {
      try running.finish(into: target.vector, coefficients: coefficients, sources: sources)
    }
  }

  @Test("What was folded in before a restart is forgotten")
  func restart() throws {
    var running = RunningMerge(tensor: "t", count: 2)
    let weighting = try weighting()
    try running.fold(Tensor([5, 7]).vector, fisherSums: sums.vector, weighting: weighting)
    running.restart(count: 2, start: 0)
    for _ in 0..<2 { try running.fold(one.vector, fisherSums: sums.vector, weighting: weighting) }
    let target = Tensor(rows: 2)
    try running.finish(into: target.vector, coefficients: coefficients, sources: [one.vector, one.vector])
    #expect(target.array == [1, 1])
  }

  @Test("A result that is no number, by tensor and element; a NaN among the Fishers does not pass as zero")
  func nonFinite() throws {
    for (theta, sums) in [(Tensor([1, .nan]), sums), (one, Sums([1.0, .nan]))] {
      var running = RunningMerge(tensor: "t", count: 2)
      let weighting = try weighting()
      for _ in 0..<2 { try running.fold(theta.vector, fisherSums: sums.vector, weighting: weighting) }
      #expect(throws: MergingError.nonFiniteResult(tensor: "t", element: 1)) {
        try running.finish(
          into: Tensor(rows: 2).vector, coefficients: coefficients, sources: [theta.vector, theta.vector])
      }
    }
  }

  @Test("A result that is no number in a piece is named by its place in the tensor")
  func nonFinitePiece() throws {
    var running = RunningMerge(tensor: "t", count: 2, start: 40)
    let theta = Tensor([1, .nan])
    for _ in 0..<2 { try running.fold(theta.vector, fisherSums: sums.vector, weighting: try weighting()) }
    #expect(throws: MergingError.nonFiniteResult(tensor: "t", element: 41)) {
      try running.finish(
        into: Tensor(rows: 2).vector, coefficients: coefficients, sources: [theta.vector, theta.vector])
    }
  }

  @Test("So is one of an average")
  func nonFiniteAverage() throws {
    let (theta, target) = (Tensor([1, .nan]), Tensor(rows: 2))
    let weights = SiteWeights.linear(coefficients)
    #expect(throws: MergingError.nonFiniteResult(tensor: "t", element: 41)) {
      try weights.average([theta.matrix, theta.matrix], into: target.matrix, tensor: "t", start: 40)
    }
  }

  @Test("Messages name their subject and say what to do")
  func messages() {
    let error = MergingError.invalidCoefficient(model: "sst2", value: -1)
    #expect(
      error.description == """
        sst2: the weight -1.0 is no finite number, or below zero where models are averaged
          hint: give every model a weight of zero or more; a model cannot be subtracted
        """)
    #expect(error.exitCode == .usage)
    #expect(MergingError.nonFiniteResult(tensor: "pooler.weight", element: 7).subject == "pooler.weight")
    #expect(MergingError.nonFiniteResult(tensor: "pooler.weight", element: 7).exitCode == .badInput)
  }
}

@Suite("Presets")
struct PresetTests {
  @Test("Published settings are the published ones, and defaults are what measured best")
  func settings() {
    #expect(MaskFisherRule.fisherNodes == MaskFisherRule(rule: .paper, normalize: .none))
    #expect(
      DiagonalFisherRule.matenaRaffel
        == DiagonalFisherRule(floor: 1e-6, normalize: .global, floorOrder: .beforeNormalizing, floorOnly: 0))
    #expect(MaskFisherRule.standard == MaskFisherRule(rule: .structural, normalize: .model, tokenNodes: true))
    #expect(DiagonalFisherRule.standard == DiagonalFisherRule(floor: 1e-6, normalize: .tensor))
  }
}
