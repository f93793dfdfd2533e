import Parameters
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// An example's part of every statistic does not depend on the examples that share its block, so that the statistics of
/// shards add up to those of the whole.
struct BatchInvarianceTests {
  /// Wide enough for OpenBLAS's usual way, narrow enough for its other one where few rows go in.
  private static let configuration = EncoderConfiguration(
    layers: 2, hidden: 64, heads: 2, intermediate: 160, vocabulary: 50, positions: 40, tokenTypes: 2, outputs: 3)

  private func block(_ count: Int) -> ExampleBlock {
    let lengths = (0..<count).map { 1 + ($0 * 17 + 11) % 40 }
    let tokens = lengths.reduce(0, +)
    return ExampleBlock(
      batch: TokenBatch(
        tokens: (0..<tokens).map { Int32(($0 * 13 + $0 / 7) % 50) }, types: (0..<tokens).map { Int32($0 / 9 % 2) },
        segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) })),
      rows: Array(0..<count), targets: Array(repeating: .none, count: count))
  }

  /// With OpenBLAS's kernels for AVX2 a row of a product depends on its place in the matrix, and nothing here can
  /// change that.
  static let rowsAreAlike = Processor.rowsAreAlike

  @Test(
    "logits have the same bits alone and in any block",
    .enabled(if: rowsAreAlike, "OpenBLAS's kernels for this processor round rows by their place"))
  func logits() {
    let model = RandomModel<Float>(Self.configuration, seed: 3)
    let encoder = Encoder(weights: model.weights)
    let whole = block(30)
    let together = (0..<30).map { [encoder.forward(whole.batch).logits][0].row($0).array }
    for index in 0..<30 {
      #expect(encoder.forward(whole.example(index).batch).logits.row(0).array == together[index], "example \(index)")
    }
  }

  @Test(
    "statistics of single examples add up to the block's",
    .enabled(if: rowsAreAlike, "OpenBLAS's kernels for this processor round rows by their place"))
  func sums() throws {
    let model = RandomModel<Float>(Self.configuration, seed: 3)
    let whole = block(30)
    func statistics() -> [any Statistic<Float>] {
      [
        MaskFisher(configuration: Self.configuration), DiagonalFisher(parameters: model.parameters),
        GramMatrices(configuration: Self.configuration, includingClassifier: true),
      ]
    }
    func estimate(_ blocks: [ExampleBlock]) throws -> [any Statistic<Float>] {
      let estimator = BlockEstimator(
        encoder: Encoder(weights: model.weights), statistics: statistics(), expectation: .expected, seed: 0)
      try estimator.measure([whole], times: 1)
      for block in blocks { try estimator.add(block) }
      return estimator.statistics
    }
    let together = try estimate([whole])
    let alone = try estimate((0..<30).map { whole.example($0) })
    for (a, b) in zip(together, alone) {
      for (index, slot) in a.sums.slots.enumerated() {
        // The sums' own rounding: half a unit for each of 30 terms, with the promise of 1e-13 of the largest. A block
        // that was summed in single precision would show 1e-8. Second moments have 30 bits less.
        let error = worstError(
          b.sums.values(index), a.sums.values(index), relative: 0, absolute: slot.isMoment ? 1e-8 : 1e-13)
        #expect(error < 1, "\(slot.name)")
      }
    }
  }

  @Test("a block has the same bits in memory that other blocks have used and in fresh memory", arguments: [1, 2])
  func arenas(draws: Int) throws {
    let model = RandomModel<Float>(Self.configuration, seed: 5)
    let whole = block(30)
    // Longer and shorter than the one before, so that what is left behind lies elsewhere.
    let blocks = [whole, whole.slice(3..<5), whole.slice(7..<29), whole.slice(0..<12)]
    func estimator(units: [[Int]]? = nil) throws -> BlockEstimator<Float> {
      let estimator = BlockEstimator(
        encoder: Encoder(weights: model.weights),
        statistics: [
          MaskFisher(configuration: Self.configuration), DiagonalFisher(parameters: model.parameters),
          GramMatrices(configuration: Self.configuration, includingClassifier: true),
        ], expectation: draws == 1 ? .argmax : .sampled(draws: draws), seed: 3)
      if let units {
        for (statistic, units) in zip(estimator.statistics, units) { statistic.sums.adopt(exponents: units) }
      } else {
        try estimator.measure([whole], times: 4)
      }
      return estimator
    }
    let reused = try estimator()
    for block in blocks { try reused.add(block) }
    let units = reused.statistics.map { $0.sums.exponents.map { $0 ?? 0 } }
    let total = try estimator(units: units)
    for block in blocks {
      let fresh = try estimator(units: units)
      try fresh.add(block)
      for (sum, part) in zip(total.statistics, fresh.statistics) { sum.sums.combine(part.sums.words, at: 0) }
    }
    for (a, b) in zip(reused.statistics, total.statistics) { #expect(a.sums.words.array == b.sums.words.array) }
    #expect(reused.statistics.allSatisfy { $0.sums.units.array.contains { $0 != 0 } })
  }

  @Test("statistics have the same bits alone and in one pass")
  func onePass() throws {
    let model = RandomModel<Float>(Self.configuration, seed: 4)
    let whole = block(9)
    func estimate(_ statistics: [any Statistic<Float>]) throws {
      let estimator = BlockEstimator(
        encoder: Encoder(weights: model.weights), statistics: statistics, expectation: .expected, seed: 0)
      try estimator.measure([whole], times: 1)
      try estimator.add(whole)
    }
    let (masks, fisher) = (
      MaskFisher<Float>(configuration: Self.configuration), DiagonalFisher<Float>(parameters: model.parameters)
    )
    let grams = GramMatrices<Float>(configuration: Self.configuration)
    try estimate([masks, fisher, grams])
    let single: [any Statistic<Float>] = [
      MaskFisher(configuration: Self.configuration), DiagonalFisher(parameters: model.parameters),
      GramMatrices(configuration: Self.configuration),
    ]
    for statistic in single { try estimate([statistic]) }
    for (a, b) in zip([masks, fisher, grams] as [any Statistic<Float>], single) {
      for index in a.sums.slots.indices {
        #expect(a.sums.values(index) == b.sums.values(index), "\(a.sums.slots[index].name)")
      }
    }
  }
}
