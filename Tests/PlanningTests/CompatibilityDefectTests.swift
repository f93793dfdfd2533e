import Encoders
import Estimation
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import ModelMerging

/// What the compatibility modes have to get wrong as the published programs do, and where they agree with us.
@Suite("Defects of the compatibility modes")
struct CompatibilityDefectTests {
  private func values(_ sums: FixedPointSums) -> [[Double]] { sums.slots.indices.map { sums.values($0) } }

  private func difference(_ a: [Double], _ b: [Double]) -> Double { worstError(a, b, relative: 1e-9, absolute: 2e-12) }

  @Test("fisher-nodes depends on the batches; batches of one are the empirical Fisher, which does not")
  func batchSize() throws {
    let order = Array(0..<9)
    func sums(_ size: Int) throws -> [[Double]] {
      try values(
        CompatibilityStatistics.sums(.fisherNodes, "three", order: order, batchSize: size) {
          try $0.doublePrecisionWeights()
        }.sums)
    }
    let ours = try Reference.golden("three.empirical.mask-fisher")
    let single = try sums(1)
    for (slot, name) in ["head_mask", "neuron_mask"].enumerated() {
      #expect(difference(single[slot], try ours.values(name)) < 1)
      for size in [2, 3, 9] { #expect(difference(try sums(size)[slot], single[slot]) > 1e6) }
    }
    // The order too: the same examples in other batches.
    let other = try CompatibilityStatistics.sums(.fisherNodes, "three", order: order.reversed(), batchSize: 2) {
      try $0.doublePrecisionWeights()
    }
    #expect(difference(other.sums.values(0), try sums(2)[0]) > 1e6)
  }

  @Test("dataless depends on the padding of its batches; batches of one are our Gram matrices")
  func countedPadding() throws {
    func sums(_ order: [Int], _ size: Int) throws -> (sums: [[Double]], tokens: Int) {
      let result = try CompatibilityStatistics.sums(.dataless, "three", order: order, batchSize: size) {
        try $0.doublePrecisionWeights()
      }
      return (values(result.sums), result.tokens)
    }
    let order = Array(0..<9)
    let model = try Reference.model("three")
    let ours = GramMatrices<Double>(configuration: model.configuration)
    let block = try Reference.block(for: "three", outputs: .singleLabel)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try model.doublePrecisionWeights()), statistics: [ours], expectation: .expected, seed: 0
    )
    let untyped = ExampleBlock(
      batch: TokenBatch(
        tokens: block.batch.tokens, types: block.batch.types.map { _ in 0 }, segments: block.batch.segments),
      rows: block.rows, targets: block.targets)
    try estimator.measure([untyped], times: 1)
    try estimator.add(untyped)
    let (single, tokens) = try sums(order, 1)
    #expect(tokens == block.batch.segments.rows)
    for slot in ours.sums.slots.indices { #expect(difference(single[slot], ours.sums.values(slot)) < 1) }
    let padded = try sums(order, 9)
    #expect(padded.tokens > tokens)
    let other = try sums([0, 2, 4, 6, 8, 1, 3, 5, 7], 3)
    for (slot, tensor) in ours.sums.slots.enumerated() where !tensor.isMoment {
      // Pooler and classifier see [CLS] alone, which does not look at the padding.
      let isPooler = tensor.name.contains("pooler")
      #expect((difference(padded.sums[slot], single[slot]) < 1) == isPooler, "\(tensor.name)")
      #expect((difference(try sums(order, 3).sums[slot], other.sums[slot]) < 1) == isPooler, "\(tensor.name)")
    }
  }

  @Test("matena-raffel depends on the length that examples are padded to")
  func sequenceLength() throws {
    func sums(_ length: Int) throws -> [[Double]] {
      try values(
        CompatibilityStatistics.sums(.matenaRaffel, "three", order: [], padding: length) {
          try $0.doublePrecisionWeights()
        }.sums)
    }
    let (short, long, none) = (try sums(22), try sums(24), try sums(1))
    for slot in short.indices where (none[slot].max() ?? 0) > 1e-20 {
      #expect(difference(short[slot], long[slot]) > 1e3 && difference(short[slot], none[slot]) > 1e3)
    }
  }
}
