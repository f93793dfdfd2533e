import Workbench
import Allocations
import Encoders
import Estimation

/// A statistic of a small model on one block, again and again.
final class Subject {
  static let names = ["mask-fisher", "fisher", "gram"]

  private let estimator: BlockEstimator<Float>
  private let block: ExampleBlock

  /// Large enough that nothing is special about it, small enough to run where every instruction is simulated: 3 layers
  /// (the lowest, the last and one between), 16 examples of 8 to 53 tokens, two classes.
  init?(_ name: String) throws(EstimationError) {
    let model = SyntheticModel(
      EncoderConfiguration(
        layers: 3, hidden: 64, heads: 4, intermediate: 256, vocabulary: 200, positions: 64, tokenTypes: 2, outputs: 2))
    let statistic: any Statistic<Float>
    switch name {
    case "mask-fisher": statistic = MaskFisher(configuration: model.configuration)
    case "fisher": statistic = DiagonalFisher(parameters: model.parameters)
    case "gram": statistic = GramMatrices(configuration: model.configuration)
    default: return nil
    }
    estimator = BlockEstimator(
      encoder: Encoder(weights: model.weights), statistics: [statistic], expectation: .expected, seed: 0)
    let examples = SyntheticExamples(lengths: (0..<16).map { 8 + 3 * $0 }, vocabulary: model.configuration.vocabulary)
    block = examples.blocks(maximumTokens: 512, maximumExamples: 64)[0]
    try estimator.measure([block], times: 1000)
  }

  var tokens: Int { block.batch.tokens.count }

  func run(blocks: Int) throws(EstimationError) {
    for _ in 0..<blocks { try estimator.add(block) }
  }

  /// What one more block asks the system for, once memory has found its size: calls for the heap and for maps.
  func allocations() throws(EstimationError) -> (heap: Int, maps: Int) {
    try run(blocks: 2)
    let (heap, maps) = (allocations_heap(), allocations_maps())
    try run(blocks: 1)
    return (Int(allocations_heap() - heap), Int(allocations_maps() - maps))
  }
}
