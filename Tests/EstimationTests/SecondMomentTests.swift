import Parameters
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// Traces, second moments and the standard errors from them, against statistics of one example at a time.
struct SecondMomentTests {
  private static let configuration = EncoderConfiguration(
    layers: 2, hidden: 12, heads: 3, intermediate: 20, vocabulary: 30, positions: 12, tokenTypes: 2, outputs: 3)

  private static let block: ExampleBlock = {
    let lengths = (0..<24).map { 1 + ($0 * 7 + 3) % 12 }
    let tokens = lengths.reduce(0, +)
    return ExampleBlock(
      batch: TokenBatch(
        tokens: (0..<tokens).map { Int32(($0 * 13 + $0 / 7) % 30) }, types: (0..<tokens).map { Int32($0 / 9 % 2) },
        segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) })),
      rows: Array(0..<24), targets: Array(repeating: .none, count: 24))
  }()

  private func estimate(_ model: RandomModel<Float>, _ blocks: [ExampleBlock]) throws -> [String: [Double]] {
    let statistics: [any Statistic<Float>] = [
      MaskFisher(configuration: Self.configuration), DiagonalFisher(parameters: model.parameters),
      GramMatrices(configuration: Self.configuration, includingClassifier: true),
    ]
    let estimator = BlockEstimator(
      encoder: Encoder(weights: model.weights), statistics: statistics, expectation: .expected, seed: 0)
    try estimator.measure([blocks[0]], times: blocks.count)
    for block in blocks { try estimator.add(block) }
    var values: [String: [Double]] = [:]
    for statistic in statistics {
      for (index, slot) in statistic.sums.slots.enumerated() { values[slot.name] = statistic.sums.values(index) }
    }
    return values
  }

  /// The numbers of one example whose errors are wanted: a mask as it is, a large tensor's trace.
  private func numbers(_ tensor: String, _ values: [String: [Double]]) -> [Double] {
    let all = values[tensor] ?? []
    if tensor.hasSuffix("_mask") { return all }
    guard tensor.hasPrefix("gram.") else { return [all.reduce(0, +)] }
    // n from n (n + 1) / 2
    let n = Int((Double(8 * all.count + 1).squareRoot() - 1) / 2)
    return [(0..<n).reduce(0) { $0 + all[PackedTriangle(order: n).index($1, $1)] }]
  }

  @Test("sums, second moments and standard errors are those of the examples one by one")
  func oracle() throws {
    let model = RandomModel<Float>(Self.configuration, seed: 6)
    let together = try estimate(model, [Self.block.examples(0..<9), Self.block.examples(9..<24)])
    let alone = try (0..<24).map { try estimate(model, [Self.block.example($0)]) }
    let tensors = together.keys.filter { $0.hasSuffix(SecondMoment.suffix) }.map {
      String($0.dropLast(SecondMoment.suffix.count))
    }
    // Two masks, 38 parameters, eight Gram matrices in the layers and two behind them.
    #expect(tensors.count == 2 + model.parameters.count + 10)
    for tensor in tensors {
      let squares = try #require(together[tensor + SecondMoment.suffix])
      let sums = try #require(together[tensor + SecondMoment.traceSuffix] ?? together[tensor])
      let each = alone.map { numbers(tensor, $0) }
      let isZero = tensor.hasSuffix("key.bias")
      for index in sums.indices {
        let values = each.map { $0[index] }
        let sum = values.reduce(0, +)
        // Tensors of one example round to units of their own, and processors without AVX-512 round products by their
        // place.
        #expect(abs(sums[index] - sum) <= 1e-5 * sum && (sum > 0) != isZero, "\(tensor)")
        let square = values.reduce(0) { $0 + $1 * $1 }
        let largest = squares.max() ?? 0
        #expect(abs(squares[index] - square) <= 1e-5 * square + 1e-7 * largest, "\(tensor)")
        // The textbook: the root of the mean's variance, from differences to the mean.
        let mean = sum / 24
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 23
        let expected = (variance / 24).squareRoot()
        let found = try #require(
          SecondMoment.standardError(sum: sums[index], squares: squares[index], examples: 24))
        #expect(abs(found - expected) <= 1e-3 * expected + 1e-4 * (largest / 24 / 24).squareRoot(), "\(tensor)")
      }
    }
  }

  @Test("the relative error of a table is the ratio of two norms, and is not defined for one example or for zeros")
  func relative() throws {
    // Means 2 and 4; values 1, 3 and 4, 4: standard errors 1 and 0.
    let error = try #require(SecondMoment.relativeError(sums: [4, 8], squares: [10, 32], examples: 2))
    #expect(abs(error - (1.0 / 20).squareRoot()) < 1e-15)
    #expect(SecondMoment.relativeError(sums: [4], squares: [16], examples: 1) == nil)
    #expect(SecondMoment.relativeError(sums: [0, 0], squares: [0, 0], examples: 9) == nil)
    // Rounding may leave a second moment just too small.
    #expect(SecondMoment.standardError(sum: 3, squares: 3 - 1e-12, examples: 3) == 0)
  }
}
