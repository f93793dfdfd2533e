import LinearAlgebra
import Testing

@testable import Merging

@Suite("Weighted averages")
struct AverageTests {
  /// One of each axis, for 12 rows and 8 columns.
  static func weights(
    _ axis: SiteWeights.Axis, _ coefficients: Coefficients, _ random: inout SplitMix64
  ) -> SiteWeights {
    let blocks = axis == .whole ? 1 : 4
    let statistics = coefficients.values.map { _ in (0..<blocks).map { _ in random.square() } }
    return SiteWeights(axis, statistics: statistics, coefficients: coefficients)
  }

  static let axes: [SiteWeights.Axis] = [.whole, .rows, .columns]

  @Test("Equal models are their own average bit for bit, negative zero included", arguments: axes, [1, 2, 3, 7])
  func equalModels(axis: SiteWeights.Axis, models: Int) throws {
    var random = SplitMix64(seed: UInt64(models))
    var values = (0..<96).map { _ in random.weight() }
    let extremes: [Float] = [-0.0, 0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.leastNormalMagnitude / 3]
    values.replaceSubrange(0..<5, with: extremes)
    let sources = (0..<models).map { _ in Tensor(rows: 12, columns: 8) { values[$0] } }
    let coefficients = try Coefficients((0..<models).map { 0.3 + Double($0) }, models: names(models))
    let target = Tensor(rows: 12, columns: 8)
    try Self.weights(axis, coefficients, &random)
      .average(sources.map(\.matrix), into: target.matrix, tensor: "t")
    #expect(sameBits(target.array, values))
    // A merge of merged models changes nothing.
    let again = Tensor(rows: 12, columns: 8)
    try SiteWeights.linear(coefficients)
      .average(sources.map { _ in target.matrix }, into: again.matrix, tensor: "t")
    #expect(sameBits(again.array, values))
  }

  @Test("A merged entry lies between the least and the greatest of its sources", arguments: axes)
  func convexity(axis: SiteWeights.Axis) throws {
    var random = SplitMix64(seed: 21)
    let coefficients = try Coefficients([1, 0.001, 7], models: names(3))
    let sources = (0..<3).map { _ in Tensor.random(rows: 12, columns: 8, &random) }
    let target = Tensor(rows: 12, columns: 8)
    try Self.weights(axis, coefficients, &random)
      .average(sources.map(\.matrix), into: target.matrix, tensor: "t")
    for i in 0..<96 {
      let entries = sources.map { $0.array[i] }
      #expect(entries.min()! <= target.array[i] && target.array[i] <= entries.max()!)
    }
  }

  @Test("Scaled coefficients merge alike: exactly for a power of two, within rounding otherwise", arguments: axes)
  func coefficientScale(axis: SiteWeights.Axis) throws {
    func merged(factor: Double) throws -> [Float] {
      var random = SplitMix64(seed: 22)
      let coefficients = try Coefficients([1, 0.3, 7].map { $0 * factor }, models: names(3))
      let sources = (0..<3).map { _ in Tensor.random(rows: 12, columns: 8, &random) }
      let target = Tensor(rows: 12, columns: 8)
      try Self.weights(axis, coefficients, &random)
        .average(sources.map(\.matrix), into: target.matrix, tensor: "t")
      return target.array
    }
    let once = try merged(factor: 1)
    #expect(sameBits(once, try merged(factor: 0.25)))
    #expect(areNear(once, try merged(factor: 7.3)))
    #expect(areNear(once, try merged(factor: 1e300)))
  }

  @Test("The order of the models changes rounding at most")
  func permutation() throws {
    var random = SplitMix64(seed: 23)
    let lambda = [1, 0.3, 7, 2.2]
    let statistics = lambda.map { _ in (0..<4).map { _ in random.square() } }
    let sources = lambda.map { _ in Tensor.random(rows: 12, columns: 8, &random) }
    func merged(_ order: [Int]) throws -> [Float] {
      let coefficients = try Coefficients(order.map { lambda[$0] }, models: names(4))
      let weights = SiteWeights(.rows, statistics: order.map { statistics[$0] }, coefficients: coefficients)
      let target = Tensor(rows: 12, columns: 8)
      try weights.average(order.map { sources[$0].matrix }, into: target.matrix, tensor: "t")
      return target.array
    }
    let first = try merged([0, 1, 2, 3])
    #expect(areNear(first, try merged([3, 1, 0, 2])))
    #expect(areNear(first, try merged([2, 3, 1, 0])))
  }

  @Test("An overwhelming coefficient picks its model")
  func limit() throws {
    var random = SplitMix64(seed: 24)
    let sources = (0..<3).map { _ in Tensor.random(rows: 12, columns: 8, &random) }
    let target = Tensor(rows: 12, columns: 8)
    try SiteWeights.linear(Coefficients([1, 1e30, 1], models: names(3)))
      .average(sources.map(\.matrix), into: target.matrix, tensor: "t")
    #expect(sameBits(target.array, sources[1].array))
    try SiteWeights.linear(Coefficients([0, 0, 2], models: names(3)))
      .average(sources.map(\.matrix), into: target.matrix, tensor: "t")
    #expect(sameBits(target.array, sources[2].array))
  }

  @Test("Tensors longer than a tile are merged throughout, from views into larger memory")
  func tiles() throws {
    var random = SplitMix64(seed: 25)
    let columns = 3 * tileLength + 17
    let sources = (0..<2).map { _ in Tensor.random(rows: 4, columns: columns, &random) }
    let coefficients = try Coefficients([1, 3], models: names(2))
    for axis in Self.axes {
      let blocks = axis == .whole ? 1 : axis == .rows ? 2 : columns
      let statistics = (0..<2).map { _ in (0..<blocks).map { _ in random.square() } }
      let target = Tensor(rows: 4, columns: columns)
      // The two middle rows alone.
      try SiteWeights(axis, statistics: statistics, coefficients: coefficients)
        .average(sources.map { $0.matrix.rows(1..<3) }, into: target.matrix.rows(1..<3), tensor: "t")
      var wrong = 0
      for row in 1..<3 {
        for column in 0..<columns {
          let block = axis == .whole ? 0 : axis == .rows ? row - 1 : column
          let (w0, w1) = (statistics[0][block], 3 * statistics[1][block])
          let expected =
            (w0 * Double(sources[0].matrix[row, column]) + w1 * Double(sources[1].matrix[row, column])) / (w0 + w1)
          if !isNear(target.matrix[row, column], Float(expected)) { wrong += 1 }
        }
      }
      #expect(wrong == 0, "\(axis)")
      #expect(target.matrix[0, columns - 1].isNaN && target.matrix[3, 0].isNaN)
    }
  }

  @Test("Sums are made in Double: what cancels in Float survives")
  func precision() throws {
    let sources = [Tensor([1]), Tensor([Float(3e-8)]), Tensor([-1])]
    let linear = SiteWeights.linear(try Coefficients.uniform(models: names(3)))
    let single = Tensor(rows: 1)
    try linear.average(sources.map(\.matrix), into: single.matrix, tensor: "t")
    #expect(abs(Double(single.array[0]) - 1e-8) < 1e-15)
  }

  @Test("Sources that do not fit and results that are no number are refused by the tensor's name")
  func refusals() throws {
    let linear = SiteWeights.linear(try Coefficients.uniform(models: names(2)))
    let target = Tensor(rows: 4, columns: 2)
    let good = Tensor(rows: 4, columns: 2) { _ in 1 }
    #expect(throws: MergingError.countMismatch(subject: "t", what: "source tensors", expected: 2, found: 1)) {
      try linear.average([good.matrix], into: target.matrix, tensor: "t")
    }
    #expect(throws: MergingError.countMismatch(subject: "t", what: "rows", expected: 4, found: 3)) {
      try linear.average([good.matrix, good.matrix.rows(0..<3)], into: target.matrix, tensor: "t")
    }
    #expect(throws: MergingError.countMismatch(subject: "t", what: "columns", expected: 2, found: 3)) {
      try linear.average([good.matrix, Tensor(rows: 4, columns: 3).matrix], into: target.matrix, tensor: "t")
    }
    let uneven = SiteWeights(
      .rows, statistics: [[1, 1, 1], [1, 1, 1]], coefficients: try Coefficients.uniform(models: names(2)))
    #expect(throws: MergingError.unevenBlocks(tensor: "t", blocks: 3, extent: 4)) {
      try uneven.average([good.matrix, good.matrix], into: target.matrix, tensor: "t")
    }
    for bad in [Float.nan, .infinity, -.infinity] {
      let source = Tensor(rows: 4, columns: 2) { $0 == 5 ? bad : 1 }
      #expect(throws: MergingError.nonFiniteResult(tensor: "t", element: 5)) {
        try linear.average([good.matrix, source.matrix], into: target.matrix, tensor: "t")
      }
    }
  }

  @Test("An empty tensor merges to an empty tensor", arguments: axes)
  func empty(axis: SiteWeights.Axis) throws {
    var random = SplitMix64(seed: 26)
    let weights = Self.weights(axis, try Coefficients.uniform(models: names(2)), &random)
    let sources = (0..<2).map { _ in Tensor(rows: 0, columns: 8) }
    try weights.average(sources.map(\.matrix), into: Tensor(rows: 0, columns: 8).matrix, tensor: "t")
  }
}

@Suite("Coefficients")
struct CoefficientsTests {
  @Test("Coefficients are divided by their sum and uniform by default")
  func normalization() throws {
    #expect(try Coefficients([1, 3], models: ["a", "b"]).values == [0.25, 0.75])
    #expect(try Coefficients.uniform(models: ["a", "b"]).values == [0.5, 0.5])
    let greatest = Double.greatestFiniteMagnitude
    #expect(try Coefficients([greatest, greatest], models: ["a", "b"]).values == [0.5, 0.5])
    #expect(try Coefficients([0, .leastNonzeroMagnitude], models: ["a", "b"]).values == [0, 1])
  }

  @Test("Coefficients that no average can have are refused by the model's name")
  func refusals() {
    #expect(throws: MergingError.noModels) { try Coefficients([], models: []) }
    #expect(throws: MergingError.allCoefficientsZero) { try Coefficients([0, 0], models: ["a", "b"]) }
    #expect(throws: MergingError.invalidCoefficient(model: "b", value: -1)) {
      try Coefficients([1, -1], models: ["a", "b"])
    }
    #expect(throws: MergingError.invalidCoefficient(model: "a", value: .infinity)) {
      try Coefficients([.infinity, 1], models: ["a", "b"])
    }
    #expect(throws: MergingError.self) { try Coefficients([.nan, 1], models: ["a", "b"]) }
    #expect(throws: MergingError.countMismatch(subject: "models", what: "weights", expected: 2, found: 1)) {
      try Coefficients([1], models: ["a", "b"])
    }
  }
}
