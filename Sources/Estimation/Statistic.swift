import Datasets
import Encoders
import LinearAlgebra

/// A sum over examples that is fed by the encoder's backward pass.
package protocol Statistic<Scalar>: EncoderObserver {
  /// The sums; what is reduced over the ranks and written to files.
  var sums: FixedPointSums { get }
  /// Adds what the current block gave to the sums. Called once after each block.
  func finishBlock()
}

/// The block of examples that a statistic is evaluated on, with what an expectation may need.
package struct ExampleBlock: Sendable {
  package let batch: TokenBatch
  /// Each example's row in its data file, counted from 0.
  package let rows: [Int]
  package let targets: [Target]

  package init(batch: TokenBatch, rows: [Int], targets: [Target]) {
    precondition(rows.count == batch.segments.count && targets.count == rows.count, "one row and target per example")
    self.batch = batch
    self.rows = rows
    self.targets = targets
  }

  /// One example of the block as a block of its own.
  package func example(_ index: Int) -> ExampleBlock {
    let tokens = batch.segments[index]
    return ExampleBlock(
      batch: TokenBatch(
        tokens: Array(batch.tokens[tokens]), types: Array(batch.types[tokens]),
        segments: Segments(offsets: [0, tokens.count])),
      rows: [rows[index]], targets: [targets[index]])
  }
}
