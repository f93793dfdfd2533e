import Datasets
import Estimation

extension Plan {
  /// Examples, by their indices, in blocks of the usual sizes.
  package static func blocks(of indices: [Int], _ examples: TokenizedExamples) -> [[Int]] {
    BlockPlan(
      lengths: indices.map { examples.length($0) }, rowIndices: indices.map { examples.rowIndices[$0] },
      maximumTokens: blockTokens, maximumExamples: blockExamples
    ).blocks.map { $0.examples.map { indices[$0] } }
  }

  /// The examples that tell the magnitudes from which the sums' units are chosen: at most eight, evenly from the
  /// longest to the shortest, in blocks no larger than any other. Few, because nobody adds anything before.
  package static func measuredBlocks(of examples: TokenizedExamples, in blocks: [[Int]]) -> [ExampleBlock] {
    let order = blocks.flatMap { $0 }
    let count = min(8, order.count)
    let chosen = (0..<count).map { order[(2 * $0 + 1) * order.count / (2 * count)] }
    return Self.blocks(of: chosen, examples).map { ExampleBlock($0, of: examples) }
  }
}
