import Parameters
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

struct BatchMaskFisherTests {
  @Test("a gradient that is not 0 leaves a sum that is not 0, however small it is")
  func noZeroByRounding() throws {
    let model = RandomModel<Double>(RandomModel<Double>.small)
    // Φ(−12) is about 1e-33, so the squared gradient of this neuron is far below the unit of the sums.
    let parameter = try #require(
      model.parameters.first { $0.component == .intermediate && $0.layer == 1 && $0.kind == .bias })
    try #require(model.buffers[parameter]).vector[3] = -12
    let batch = RandomModel<Double>.batch
    let block = ExampleBlock(batch: batch, rows: Array(0..<4), targets: [.label(0), .label(1), .label(2), .label(0)])
    let statistic = BatchMaskFisher<Double>(configuration: model.configuration)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: model.weights), statistics: [statistic], expectation: .empirical, seed: 0)
    try estimator.measure([block], times: 3)
    for _ in 0..<3 { try estimator.add(block) }
    let neurons = statistic.sums.values(1)
    let largest = neurons.max() ?? 0
    #expect(neurons[20 + 3] > 0 && neurons[20 + 3] < 1e-12 * largest)
    #expect(neurons.allSatisfy { $0 > 0 })
  }

  @Test("an example without a label is named, in whichever piece of its batch")
  func missingLabel() throws {
    let model = RandomModel<Double>(RandomModel<Double>.small)
    let block = ExampleBlock(
      batch: RandomModel<Double>.batch, rows: [5, 6, 7, 8], targets: [.label(0), .label(1), .none, .label(0)])
    let statistic = BatchMaskFisher<Double>(configuration: model.configuration)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: model.weights), statistics: [statistic], expectation: .empirical, seed: 0,
      pieceTokens: 6)
    #expect(throws: EstimationError.missingLabel(row: 7)) { try estimator.measure([block], times: 1) }
  }
}
