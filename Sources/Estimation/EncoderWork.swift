import Encoders

/// The floating-point operations of the encoder on one model's examples; 0 where there are none.
package struct EncoderWork: Sendable {
  package let configuration: EncoderConfiguration
  private let tokens: Double
  private let examples: Double
  private let squaredLengths: Double

  package init(configuration: EncoderConfiguration, tokens: Double, examples: Double, squaredLengths: Double) {
    self.configuration = configuration
    self.tokens = tokens
    self.examples = examples
    self.squaredLengths = squaredLengths
  }

  /// Per token of a whole layer: Q, K, V, O and both feed-forward matrices.
  private var perToken: Double {
    let (d, i) = (Double(configuration.hidden), Double(configuration.intermediate))
    return 2 * (4 * d * d + 2 * d * i)
  }

  /// The projection of the embeddings, where there is one.
  private var projection: Double {
    let (d, e) = (configuration.hidden, configuration.embedding)
    return d == e ? 0 : 2 * tokens * Double(d) * Double(e)
  }

  /// One layer for all tokens. Scores and context: 4 d for each pair of tokens of an example.
  package var wholeLayer: Double { tokens * perToken + 4 * squaredLengths * Double(configuration.hidden) }

  /// One forward pass: of the last layer K and V for all tokens, the rest for one row per example.
  package var forward: Double {
    let d = Double(configuration.hidden)
    return projection + Double(configuration.layers - 1) * wholeLayer + tokens * 4 * d * d + examples * perToken
  }

  /// One forward pass with the last layer for all tokens.
  package var wholeForward: Double { projection + Double(configuration.layers) * wholeLayer }

  /// How many rows are summed over.
  func count(of rows: SummedRows) -> Double {
    switch rows {
    case .tokens: tokens
    case .examples: examples
    }
  }

  /// The numbers that the forward pass of a block has in memory: those of all layers where a backward pass follows (of
  /// the last one K and V for all tokens, and the rest for the first tokens), else of one; and the embeddings and what
  /// passes from layer to layer.
  package func activations(rows: Int, examples: Int, longest: Int, goesBackward: Bool) -> Int {
    let (d, i, e) = (configuration.hidden, configuration.intermediate, configuration.embedding)
    func layer(_ queries: Int) -> Int {
      2 * rows * d + queries * (4 * d + (goesBackward ? 2 : 1) * i + longest * configuration.heads)
    }
    let layers = goesBackward ? (configuration.layers - 1) * layer(rows) + layer(examples) : layer(rows)
    return layers + 3 * rows * d + rows * e + (e == d ? 0 : rows * e)
  }
}
