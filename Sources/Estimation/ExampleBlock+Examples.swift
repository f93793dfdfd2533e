import Datasets
import Encoders

extension ExampleBlock {
  /// The examples of a block, concatenated in the block's order.
  package init(_ block: Block, of examples: TokenizedExamples) { self.init(block.examples, of: examples) }

  /// Examples by their indices, concatenated in the given order.
  package init(_ indices: [Int], of examples: TokenizedExamples) {
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
