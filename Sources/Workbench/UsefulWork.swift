import Encoders

/// The floating-point operations that a statistic needs of some examples, whoever computes it: products of real tokens
/// only, with the last layer's work on the first token alone where nothing else reaches the head.
package struct UsefulWork: Sendable {
  let configuration: EncoderConfiguration
  /// Tokens of each example.
  let lengths: [Int]

  package init(_ configuration: EncoderConfiguration, lengths: [Int]) {
    self.configuration = configuration
    self.lengths = lengths
  }

  /// One forward pass, in operations (a multiplication and an addition are two).
  ///
  /// With T tokens in N examples of t tokens, per layer but the last 2 T (4 d² + 2 d I) + 4 d Σ t²: Q, K, V, O, both
  /// feed-forward products, scores and context. Of the last layer K and V for all tokens, 4 T d², and for each [CLS] Q
  /// and O, 4 d², both feed-forward products, 4 d I, scores and context, 4 d t. Then pooler and classifier, 2 d² + 2 d
  /// C. This is W of docs/performance.md, which leaves out the [CLS] rows' attention and the head.
  package var forward: Double {
    let middle = Double(configuration.layers - 1) * (tokens * linear + 4 * d * squaredLengths)
    return middle + 4 * tokens * d * d + examples * (4 * d * d + 4 * d * i) + 4 * d * tokens + head
  }

  /// The gradients at all masks of one column, backward from the logits.
  ///
  /// As ``forward``, but attention takes four products instead of two (of probabilities, values, queries and keys), 8 d
  /// t² a layer, and the lowest layer ends at its head mask: no attention, Q, K or V.
  package var backwardToMasks: Double {
    let upper = Double(configuration.layers - 2) * (tokens * linear + 8 * d * squaredLengths)
    let lowest = tokens * (2 * d * d + 4 * d * i)
    let lastRows = examples * (2 * d * d + 4 * d * i)
    guard configuration.layers > 1 else { return lastRows + head }
    return upper + lowest + lastRows + examples * 2 * d * d + 4 * tokens * d * d + 8 * d * tokens + head
  }

  /// The mask Fisher: one forward pass and a backward pass to the masks for each column (C − 1 of them for the
  /// expectation over C classes).
  package func maskFisher(columns: Int) -> Double { forward + Double(columns) * backwardToMasks }

  private var d: Double { Double(configuration.hidden) }
  private var i: Double { Double(configuration.intermediate) }
  private var tokens: Double { Double(lengths.reduce(0, +)) }
  private var examples: Double { Double(lengths.count) }
  private var squaredLengths: Double { Double(lengths.reduce(0) { $0 + $1 * $1 }) }
  /// Per token of a whole layer, without attention.
  private var linear: Double { 2 * (4 * d * d + 2 * d * i) }
  private var head: Double { examples * (2 * d * d + 2 * d * Double(configuration.outputs)) }
}
