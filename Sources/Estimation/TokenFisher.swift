import Encoders
import LinearAlgebra

/// The Fisher information of multiplicative masks of ones on the rows of the word embeddings, summed over examples.
///
/// With m[v] scaling the row E[v] of token v, ∂ℓ/∂m[v] = Σ ⟨E[v], ∂ℓ/∂(embedding sum)⟩ over the places where v stands in
/// the example: ⟨E[v], ∇E[v]⟩. It is squared per example and column; tokens that an example does not have get 0.
/// Ours: the construction of Fisher Mask Nodes (arXiv 2403.09891), section 3, with a token as a node.
package final class TokenFisher<Scalar: KernelScalar>: Statistic {
  package let interests: ObserverInterests = .tokenMasks
  /// `token_mask` [vocabulary], its trace and the trace's second moment.
  package let sums: FixedPointSums
  /// The current block's Σ_n f_n, [vocabulary].
  private let total: Buffer<Double>
  /// The traces of the current block's examples: their sum, and that of their squares.
  private var trace = 0.0
  private var squaredTraces = 0.0
  private let scratch = Arena()

  package init(configuration: EncoderConfiguration) {
    sums = FixedPointSums(tensors: Self.tensors(configuration))
    total = Buffer(count: configuration.vocabulary)
  }

  package func observeTokenMask(_ tokens: [Int32], _ o: Observation<Scalar>) {
    for example in 0..<o.segments.count {
      let rows = o.segments[example]
      // In one order, so that sums have the same bits in every run.
      let places = rows.sorted { (tokens[$0], $0) < (tokens[$1], $1) }
      var ofExample = 0.0
      for column in 0..<o.columns {
        let gradient = o.gradient(column: column, example: example)
        var start = 0
        while start < places.count {
          let token = tokens[places[start]]
          var sum = 0.0
          while start < places.count, tokens[places[start]] == token {
            sum += Double(dot(o.input.row(places[start]), gradient.row(places[start] - rows.lowerBound)))
            start += 1
          }
          total.vector[Int(token)] += sum * sum
          ofExample += sum * sum
        }
      }
      trace += ofExample
      squaredTraces += ofExample * ofExample
    }
  }

  package func finishBlock() {
    sums.close(0, terms: 1, magnitude: sums.add(total.vector, to: 0))
    scratch.reset()
    for (slot, value) in [(1, trace), (2, squaredTraces)] {
      let number = scratch.vector(1, of: Double.self)
      number[0] = value
      sums.close(slot, terms: 1, magnitude: sums.add(number, to: slot))
    }
    total.clear()
    (trace, squaredTraces) = (0, 0)
  }
}

extension StatisticKind {
  /// The Fisher information of masks on tokens.
  package static let tokenFisher = StatisticKind(
    name: "token_fisher", interests: .tokenMasks,
    tensors: { layout, _ in TokenFisher<Float>.tensors(layout.configuration) },
    empty: { layout, _ in TokenFisher<Float>(configuration: layout.configuration) },
    // The tokens' rows beside the gradients.
    scratch: { c, rows, _ in rows * c.embedding },
    errorTables: { [ErrorTable("token_fisher", moments: TokenFisher<Float>.tensors($0.configuration))] },
    highlights: { layout, _ in
      let tensors = TokenFisher<Float>.tensors(layout.configuration)
      let mean = Mean(
        tensor: tokenMaskTensor, trace: ErrorTable(tokenMaskTensor, moments: tensors), entries: tensors[0].count,
        rows: .examples)
      return [.tensors([mean], title: "mean Fisher of a token's mask")]
    })

  /// The name of its tensor in files, [vocabulary].
  package static let tokenMaskTensor = "token_mask"
}

extension TokenFisher {
  /// The tensors of the sums, in their order.
  static func tensors(_ c: EncoderConfiguration) -> [StatisticTensor] {
    let name = StatisticKind.tokenMaskTensor
    let trace = name + SecondMoment.traceSuffix
    return [
      StatisticTensor(name, [c.vocabulary]), StatisticTensor(trace, [1], .trace(of: name)),
      StatisticTensor(name + SecondMoment.suffix, [1], .secondMoment(of: trace)),
    ]
  }
}
