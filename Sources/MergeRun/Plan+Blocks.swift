import Datasets
import Encoders
import Estimation

extension Plan {
  /// Examples, by their indices, in blocks of the usual sizes.
  static func blocks(of indices: [Int], _ examples: TokenizedExamples) -> [[Int]] {
    BlockPlan(
      lengths: indices.map { examples.length($0) }, rowIndices: indices.map { examples.rowIndices[$0] },
      maximumTokens: blockTokens, maximumExamples: blockExamples
    ).blocks.map { $0.examples.map { indices[$0] } }
  }

  /// The examples that tell the magnitudes from which the sums' units are chosen: at most eight, evenly from the longest to the
  /// shortest, in blocks no larger than any other. Few, because nobody adds anything before.
  static func measuredBlocks(of examples: TokenizedExamples, in blocks: [[Int]]) -> [ExampleBlock] {
    let order = blocks.flatMap { $0 }
    let count = min(8, order.count)
    let chosen = (0..<count).map { order[(2 * $0 + 1) * order.count / (2 * count)] }
    return Self.blocks(of: chosen, examples).map { ExampleBlock($0, of: examples) }
  }
}

extension StatisticKind {
  /// An empty statistic of this kind for a model.
  func statistic(of model: StoredModel, _ options: EstimationOptions = EstimationOptions()) -> any Statistic<Float> {
    switch self {
    case .maskFisher: MaskFisher<Float>(configuration: model.configuration)
    case .fisher: DiagonalFisher<Float>(parameters: model.parameters)
    case .gram:
      GramMatrices<Float>(
        configuration: model.configuration, includingClassifier: options.includesClassifier)
    }
  }
}

extension ExampleBlock {
  /// The examples of a block, concatenated in the block's order.
  init(_ block: Block, of examples: TokenizedExamples) { self.init(block.examples, of: examples) }

  /// Examples by their indices, concatenated in the given order.
  init(_ indices: [Int], of examples: TokenizedExamples) {
    var tokens: [Int32] = []
    var types: [Int32] = []
    var offsets = [0]
    for index in indices {
      tokens += examples[index].ids
      types += examples[index].typeIDs
      offsets.append(tokens.count)
    }
    self.init(
      batch: TokenBatch(
        tokens: tokens, types: types,
        segments: Segments(offsets: offsets, attended: indices.map { examples.attendedLengths[$0] })),
      rows: indices.map { examples.rowIndices[$0] }, targets: indices.map { examples.targets[$0] })
  }
}
