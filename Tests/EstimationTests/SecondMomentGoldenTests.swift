import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// The sums of squares beside the masks, from each example's own masks in the reference.
struct SecondMomentGoldenTests {
  @Test(
    "second moments of masks are the sums of the examples' squares",
    arguments: ["two", "three", "five", "shallow", "multilabel", "regression"], [[0..<9], [4..<9, 0..<1, 1..<4]])
  func masks(name: String, blocks: [Range<Int>]) throws {
    let model = try Reference.model(name)
    let statistic = MaskFisher<Double>(configuration: model.configuration)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try model.doublePrecisionWeights()), statistics: [statistic], expectation: .expected,
      seed: 0)
    let whole = try Reference.block(for: name, outputs: model.configuration.problem)
    let parts = blocks.map { whole.examples($0) }
    try estimator.measure([parts[0]], times: parts.count)
    for part in parts { try estimator.add(part) }
    #expect(statistic.sums.assess().isEmpty)
    let outputs = try Reference.golden("\(name).outputs")
    for mask in ["head_mask", "neuron_mask"] {
      let slot = try #require(statistic.sums.slots.firstIndex { $0.name == mask + SecondMoment.suffix })
      let byExample = try outputs.values(mask)
      let count = byExample.count / 9
      let expected = (0..<count).map { entry in
        (0..<9).reduce(0.0) { $0 + byExample[$1 * count + entry] * byExample[$1 * count + entry] }
      }
      // Second moments have 32 bits of their first block's largest.
      #expect(worstError(statistic.sums.values(slot), expected, relative: 1e-6, absolute: 1e-8) < 1, "\(mask)")
    }
  }
}
