/// A fixed group of examples: the unit of work, of checkpointing and of reproducibility.
package struct Block: Sendable, Equatable {
  /// Position among the blocks of its plan, from 0.
  package let index: Int
  /// Indices into the `TokenizedExamples` of the plan, longest example first.
  package let examples: [Int]
  /// Tokens of these examples together, special tokens included.
  package let tokenCount: Int
}

/// How the examples of one data file are cut into blocks, from the data alone.
///
/// Examples are taken by length, longest first and equal lengths by row, and fill one block after the other while it
/// has at most `maximumTokens` tokens and `maximumExamples` examples; an example longer than `maximumTokens` gets a
/// block of its own. Neither the number of ranks nor anything about the machine enters, so that a block's sums are the
/// same wherever it is evaluated. Long examples stand in the first blocks: what needs most memory runs first.
package struct BlockPlan: Sendable, Equatable {
  package let blocks: [Block]

  /// - Parameters:
  ///   - lengths: tokens of each example.
  ///   - rowIndices: row of each example, all different.
  ///   - maximumTokens: at least 1.
  ///   - maximumExamples: at least 1.
  package init(lengths: [Int], rowIndices: [Int], maximumTokens: Int, maximumExamples: Int) {
    precondition(lengths.count == rowIndices.count, "one row for each length")
    precondition(maximumTokens > 0 && maximumExamples > 0, "a block holds at least one example")
    let order = lengths.indices.sorted { (-lengths[$0], rowIndices[$0]) < (-lengths[$1], rowIndices[$1]) }
    var blocks: [Block] = []
    var start = 0
    while start < order.count {
      var end = start + 1
      var tokens = lengths[order[start]]
      while end < order.count, end - start < maximumExamples, tokens + lengths[order[end]] <= maximumTokens {
        tokens += lengths[order[end]]
        end += 1
      }
      blocks.append(Block(index: blocks.count, examples: Array(order[start..<end]), tokenCount: tokens))
      start = end
    }
    self.blocks = blocks
  }

  package init(_ examples: TokenizedExamples, maximumTokens: Int, maximumExamples: Int) {
    self.init(
      lengths: (0..<examples.count).map { examples.length($0) }, rowIndices: examples.rowIndices,
      maximumTokens: maximumTokens, maximumExamples: maximumExamples)
  }

  /// Batches of another program as blocks, whatever their size; an example may be in several (`docs/compatibility.md`).
  package init(_ examples: TokenizedExamples, batches: [[Int]]) {
    blocks = batches.enumerated().map { index, batch in
      Block(index: index, examples: batch, tokenCount: batch.reduce(0) { $0 + examples.length($1) })
    }
  }

  /// The number of examples in all blocks.
  package var exampleCount: Int { blocks.reduce(0) { $0 + $1.examples.count } }
}
