import Parameters
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// A model of the reference and an expectation that is defined for it.
struct GoldenCase: CustomTestStringConvertible, Sendable {
  let model: String
  let expectation: String
  var testDescription: String { "\(model) \(expectation)" }

  static let all: [GoldenCase] =
    [
      "two", "three", "five", "shallow", "multilabel", "float16", "bfloat16", "regression",
    ].flatMap { model in
      ["expected", "empirical", "sampled", "argmax"].filter { model != "regression" || $0 != "argmax" }.map {
        GoldenCase(model: model, expectation: $0)
      }
    } + families

  private static let families = Reference.families.map { GoldenCase(model: $0, expectation: "expected") }

  static let fisher =
    ["expected", "empirical", "sampled", "argmax"].map { GoldenCase(model: "three", expectation: $0) }
    + ["two", "five", "shallow", "multilabel", "regression"].map { GoldenCase(model: $0, expectation: "expected") }
    + families
}

struct GoldenTests {
  /// Both statistics of a golden case over the nine examples, cut into blocks of the given sizes, in one pass.
  private func sums<Scalar: KernelScalar>(
    _ golden: GoldenCase, blocks: [Range<Int>], weights: (StoredModel) throws -> EncoderWeights<Scalar>
  ) throws -> (masks: FixedPointSums, fisher: FixedPointSums) {
    let model = try Reference.model(golden.model)
    let (seed, draws) = try Reference.sampling()
    let name = try #require(Estimation.Expectation.Name(rawValue: golden.expectation))
    let expectation = Estimation.Expectation(name, draws: draws)
    #expect(expectation.name == golden.expectation)
    let masks = MaskFisher<Scalar>(configuration: model.configuration)
    let fisher = DiagonalFisher<Scalar>(parameters: model.parameters)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try weights(model)), statistics: [masks, fisher], expectation: expectation, seed: seed)
    let whole = try Reference.block(for: golden.model, outputs: model.configuration.problem)
    let parts = blocks.map { whole.examples($0) }
    try estimator.measure([parts[0]], times: parts.count)
    for part in parts { try estimator.add(part) }
    #expect(masks.sums.assess().isEmpty && fisher.sums.assess().isEmpty)
    return (masks.sums, fisher.sums)
  }

  /// Its Fisher is 0, and rounding noise in the reference.
  private func isKeyBias(_ name: String) -> Bool {
    ["key.bias", "k_lin.bias", "attn.k.bias", "pos_key_proj.bias"].contains { name.hasSuffix($0) }
  }

  private static let cuts: [[Range<Int>]] = [[0..<9], [4..<9, 0..<1, 1..<4]]

  @Test("mask Fishers equal automatic differentiation in double", arguments: GoldenCase.all, cuts)
  func masksInDouble(golden: GoldenCase, blocks: [Range<Int>]) throws {
    let found = try sums(golden, blocks: blocks) { try $0.doublePrecisionWeights() }.masks
    let expected = try Reference.golden("\(golden.model).\(golden.expectation).mask-fisher")
    for (slot, name) in ["head_mask", "neuron_mask"].enumerated() {
      // Double arithmetic, then the sums' promise of 1e-12 of the largest entry.
      #expect(worstError(found.values(slot), try expected.values(name), relative: 1e-9, absolute: 2e-12) < 1, "\(name)")
    }
  }

  @Test("mask Fishers in single precision", arguments: GoldenCase.all)
  func masksInFloat(golden: GoldenCase) throws {
    let found = try sums(golden, blocks: Self.cuts[1]) { try $0.singlePrecisionWeights() }.masks
    let expected = try Reference.golden("\(golden.model).\(golden.expectation).mask-fisher")
    for (slot, name) in ["head_mask", "neuron_mask"].enumerated() {
      // Float gradients are good to about 1e-5 of a layer's largest; squared and relative that is what users may
      // expect.
      #expect(worstError(found.values(slot), try expected.values(name), relative: 1e-4, absolute: 1e-6) < 1, "\(name)")
    }
  }

  @Test(
    "the full Fisher of every parameter equals automatic differentiation in double", arguments: GoldenCase.fisher, cuts)
  func fisherInDouble(golden: GoldenCase, blocks: [Range<Int>]) throws {
    let found = try sums(golden, blocks: blocks) { try $0.doublePrecisionWeights() }.fisher
    let expected = try Reference.golden("\(golden.model).\(golden.expectation).fisher")
    let names = found.slots.filter { $0.role == .sum }.map(\.name)
    #expect(names.sorted() == expected.tensors.map(\.name).sorted())
    for (slot, tensor) in found.slots.enumerated()
    where expected[tensor.name] != nil && !isKeyBias(tensor.name) {
      let error = worstError(found.values(slot), try expected.values(tensor.name), relative: 1e-9, absolute: 2e-12)
      #expect(error < 1, "\(tensor.name)")
    }
  }

  @Test("the full Fisher in single precision", arguments: GoldenCase.fisher)
  func fisherInFloat(golden: GoldenCase) throws {
    let found = try sums(golden, blocks: Self.cuts[1]) { try $0.singlePrecisionWeights() }.fisher
    let expected = try Reference.golden("\(golden.model).\(golden.expectation).fisher")
    for (slot, tensor) in found.slots.enumerated()
    where expected[tensor.name] != nil && !isKeyBias(tensor.name) {
      let error = worstError(found.values(slot), try expected.values(tensor.name), relative: 1e-4, absolute: 1e-6)
      #expect(error < 1, "\(tensor.name)")
    }
  }

  @Test(
    "the key's bias has a Fisher of exactly zero where the softmax does not see it",
    arguments: ["three"] + Reference.families)
  func keyBias(model: String) throws {
    let found = try sums(GoldenCase(model: model, expectation: "expected"), blocks: [0..<9]) {
      try $0.singlePrecisionWeights()
    }.fisher
    let parameters = try Reference.model(model).parameters
    for parameter in parameters {
      let slot = try #require(found.slots.firstIndex { $0.name == parameter.name })
      #expect(parameter.role.isGradientFree == isKeyBias(parameter.name), "\(parameter.name)")
      #expect(found.values(slot).allSatisfy { $0 == 0 } == isKeyBias(parameter.name), "\(parameter.name)")
    }
  }

  @Test("masks and full Fisher have the same bits alone and in one pass")
  func onePass() throws {
    let golden = GoldenCase(model: "five", expectation: "expected")
    let both = try sums(golden, blocks: Self.cuts[1]) { try $0.singlePrecisionWeights() }
    let model = try Reference.model("five")
    let masks = MaskFisher<Float>(configuration: model.configuration)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try model.singlePrecisionWeights()), statistics: [masks], expectation: .expected,
      seed: 0)
    let whole = try Reference.block(for: "five", outputs: .singleLabel)
    let parts = Self.cuts[1].map { whole.examples($0) }
    try estimator.measure([parts[0]], times: parts.count)
    for part in parts.reversed() { try estimator.add(part) }
    #expect(masks.sums.values(0) == both.masks.values(0))
    #expect(masks.sums.values(1) == both.masks.values(1))
  }
}

extension ExampleBlock {
  /// Some consecutive examples as a block of their own.
  func examples(_ range: Range<Int>) -> ExampleBlock {
    let tokens = batch.segments.offsets[range.lowerBound]..<batch.segments.offsets[range.upperBound]
    return ExampleBlock(
      batch: TokenBatch(
        tokens: Array(batch.tokens[tokens]), types: Array(batch.types[tokens]),
        segments: Segments(
          offsets: batch.segments.offsets[range.lowerBound...range.upperBound].map { $0 - tokens.lowerBound })),
      rows: Array(rows[range]), targets: Array(targets[range]))
  }
}
