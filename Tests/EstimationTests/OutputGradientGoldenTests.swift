import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// Sketches and Gram matrices of output gradients against `Tests/Reference/output_gradients.py`, whose gradients are
/// automatic differentiation's: the model `three` without its last layer, over the nine examples.
@Suite("Statistics of output gradients against the float64 reference")
struct OutputGradientGoldenTests {
  /// The nine examples in one block, and in blocks out of order.
  private static let cuts: [[Range<Int>]] = [[0..<9], [4..<9, 0..<1, 1..<4]]

  private func estimate<Scalar: KernelScalar>(
    _ statistics: [any Statistic<Scalar>], _ weights: EncoderWeights<Scalar>, _ blocks: [Range<Int>],
    _ expectation: Estimation.Expectation = .expected, seed: UInt64 = 0
  ) throws {
    let estimator = BlockEstimator(
      encoder: Encoder(weights: weights), statistics: statistics, expectation: expectation, seed: seed)
    let whole = try Reference.block(for: "three", outputs: .singleLabel)
    let parts = blocks.map { whole.slice($0) }
    try estimator.measure([parts[0]], times: parts.count)
    for part in parts { try estimator.add(part) }
    for statistic in statistics { #expect(statistic.sums.assess().isEmpty) }
  }

  /// Compares all sums with the tensors of a file; both have the same names.
  ///
  /// - Parameters:
  ///   - relative: of each entry; `absolute` is of a tensor's largest.
  ///   - moment: of a second moment, relative.
  private func compare(
    _ found: [FixedPointSums], _ file: String, relative: Double, absolute: Double, moment: Double
  ) throws {
    let golden = try Reference.golden(file)
    #expect(Set(found.flatMap(\.slots).map(\.name)) == Set(golden.tensors.map(\.name)))
    for sums in found {
      for (index, slot) in sums.slots.enumerated() {
        let error = worstError(
          sums.values(index), try golden.values(slot.name), relative: slot.isMoment ? moment : relative,
          absolute: slot.isMoment ? 0 : absolute)
        #expect(error < 1, "\(slot.name): \(error)")
      }
    }
  }

  @Test("sketches, traces, their second moments and token counts, in double", arguments: cuts)
  func sketchesInDouble(blocks: [Range<Int>]) throws {
    let scratch = try Scratch()
    let model = try EditedModel.short("three", in: scratch)
    let metric = OutputMetric<Double>(sites: model.layout.outputSites)
    let counts = TokenCounts<Double>(configuration: model.configuration)
    try estimate([metric, counts], model.doublePrecisionWeights(), blocks)
    // Entries off the diagonal are differences of products of the largest; a second moment has 32 bits of its first
    // block's size.
    try compare(
      [metric.sums, counts.sums], "short.expected.output-metric", relative: 1e-9, absolute: 1e-11, moment: 1e-6)
  }

  @Test("sketches in single precision")
  func sketchesInFloat() throws {
    let scratch = try Scratch()
    let model = try EditedModel.short("three", in: scratch)
    let metric = OutputMetric<Float>(sites: model.layout.outputSites)
    let counts = TokenCounts<Float>(configuration: model.configuration)
    try estimate([metric, counts], model.singlePrecisionWeights(), Self.cuts[1])
    // The reference itself moves by up to 2e-6 of a tensor's largest entry when it is evaluated in float32.
    try compare([metric.sums, counts.sums], "short.expected.output-metric", relative: 0, absolute: 2e-5, moment: 1e-4)
  }

  @Test("the traces of a sketched expectation: its signs are the written ones", arguments: cuts)
  func sketchedExpectation(blocks: [Range<Int>]) throws {
    let scratch = try Scratch()
    let model = try EditedModel.short("three", in: scratch)
    let metric = OutputMetric<Double>(sites: model.layout.outputSites)
    // One draw of two columns, so that the sign between them matters.
    try estimate(
      [metric], model.doublePrecisionWeights(), blocks, .sketched(draws: 1), seed: try Reference.sampling().seed)
    let golden = try Reference.golden("short.sketched.output-metric")
    let slots = metric.sums.slots.enumerated().filter { $1.role != .sum || $1.name.hasSuffix(".trace") }
    #expect(Set(slots.map(\.element.name)) == Set(golden.tensors.map(\.name)))
    for (index, slot) in slots {
      let error = worstError(
        metric.sums.values(index), try golden.values(slot.name), relative: slot.isMoment ? 1e-6 : 1e-9, absolute: 0)
      #expect(error < 1, "\(slot.name): \(error)")
    }
  }

  @Test("Gram matrices of gradients in double", arguments: cuts)
  func gramsInDouble(blocks: [Range<Int>]) throws {
    let scratch = try Scratch()
    let model = try EditedModel.short("three", in: scratch)
    let grams = OutputGrams<Double>(sites: model.layout.outputGramSites)
    try estimate([grams], model.doublePrecisionWeights(), blocks)
    try compare([grams.sums], "short.expected.kfac", relative: 1e-9, absolute: 1e-11, moment: 1e-6)
  }

  @Test("Gram matrices of gradients in single precision")
  func gramsInFloat() throws {
    let scratch = try Scratch()
    let model = try EditedModel.short("three", in: scratch)
    let grams = OutputGrams<Float>(sites: model.layout.outputGramSites)
    try estimate([grams], model.singlePrecisionWeights(), Self.cuts[1])
    // As of the sketches.
    try compare([grams.sums], "short.expected.kfac", relative: 0, absolute: 2e-5, moment: 1e-4)
  }
}
