import Encoders
import LinearAlgebra

/// How often each token id occurs in the examples: the Gram matrix of the word embeddings, whose inputs are one-hot, is
/// diagonal and has these numbers there.
package final class TokenCounts<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .tokens
  /// `token_counts`, [vocabulary].
  package let sums: FixedPointSums
  /// The current block's.
  private let counts: Buffer<Double>

  package init(configuration: EncoderConfiguration) {
    sums = FixedPointSums(tensors: Self.tensors(configuration))
    counts = Buffer(count: configuration.vocabulary)
  }

  static func tensors(_ c: EncoderConfiguration) -> [StatisticTensor] {
    [StatisticTensor(StatisticKind.tokenCountsTensor, [c.vocabulary], .counts)]
  }

  package func observeTokens(_ batch: TokenBatch) {
    for token in batch.tokens { counts.vector[Int(token)] += 1 }
  }

  package func finishBlock() {
    sums.close(0, terms: 1, magnitude: sums.add(counts.vector, to: 0))
    counts.clear()
  }
}

extension StatisticKind {
  /// How often each token id occurs.
  package static let tokenCounts = StatisticKind(
    name: "token_counts", interests: .tokens,
    tensors: { layout, _ in TokenCounts<Float>.tensors(layout.configuration) },
    empty: { layout, _ in TokenCounts<Float>(configuration: layout.configuration) },
    errorTables: { _ in [] }, highlights: { _, _ in [] })

  /// The name of their tensor in files.
  package static let tokenCountsTensor = "token_counts"
}
