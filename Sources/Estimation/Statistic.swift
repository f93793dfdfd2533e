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
  package func example(_ index: Int) -> ExampleBlock { slice(index..<index + 1) }

  /// Some consecutive examples as a block of their own.
  package func slice(_ range: Range<Int>) -> ExampleBlock {
    let segments = batch.segments
    let tokens = segments.offsets[range.lowerBound]..<segments.offsets[range.upperBound]
    return ExampleBlock(
      batch: TokenBatch(
        tokens: Array(batch.tokens[tokens]), types: Array(batch.types[tokens]),
        segments: Segments(
          offsets: segments.offsets[range.lowerBound...range.upperBound].map { $0 - tokens.lowerBound },
          attended: range.map { segments.attended($0).count })),
      rows: Array(rows[range]), targets: Array(targets[range]))
  }

  /// The examples in consecutive pieces of at most so many tokens, or of one example; the whole block where nil.
  func pieces(maximumTokens: Int?) -> [ExampleBlock] {
    guard let maximumTokens, batch.segments.rows > maximumTokens else { return [self] }
    var pieces: [ExampleBlock] = []
    var start = 0
    while start < rows.count {
      let limit = batch.segments.offsets[start] + maximumTokens
      let end = (start + 1..<rows.count + 1).last { batch.segments.offsets[$0] <= limit } ?? start + 1
      pieces.append(slice(start..<end))
      start = end
    }
    return pieces
  }
}
