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

  private var d: Double { Double(configuration.hidden) }
  /// The feed-forward matrices: two, or three with a gate.
  private var feedForwardMatrices: Double { configuration.isGated ? 3 : 2 }
  /// The products of queries and keys with positions, beside that with each other.
  private var positionTerms: Int { configuration.variant.disentangled.map { $0.terms } ?? 0 }

  /// Per token of a whole layer: Q, K, V, O and the feed-forward matrices.
  private var perToken: Double { 2 * (4 * d * d + feedForwardMatrices * d * Double(configuration.intermediate)) }

  /// The projection of the embeddings, where there is one.
  private var projection: Double {
    let e = configuration.embedding
    return configuration.hidden == e ? 0 : 2 * tokens * d * Double(e)
  }

  /// One layer for all tokens. Scores and context: 4 d for each pair of tokens of an example; as much for each look at
  /// positions, of which there are twice as many as tokens.
  private func layer(_ index: Int) -> Double {
    let window = configuration.window(ofLayer: index).map { Double($0 + 1) * 2 }
    let pairs = window.map { min(squaredLengths, tokens * $0) } ?? squaredLengths
    return tokens * perToken + 4 * pairs * d * Double(1 + positionTerms)
  }

  /// The mean of all layers.
  package var wholeLayer: Double { layers(0..<configuration.depth) / Double(configuration.depth) }

  private func layers(_ range: Range<Int>) -> Double { range.reduce(0) { $0 + layer($1) } }

  /// One forward pass: of the last layer K and V for all tokens, the rest for one row per example, unless the head reads
  /// them all.
  package var forward: Double {
    guard !configuration.variant.poolsMean else { return wholeForward }
    return projection + layers(0..<configuration.depth - 1) + tokens * 4 * d * d + examples * perToken
  }

  /// One forward pass with the last layer for all tokens.
  package var wholeForward: Double { projection + layers(0..<configuration.depth) }

  /// The rows of a layer: all tokens.
  var tokenRows: Double { tokens }

  /// How many rows are summed over.
  package func count(of rows: SummedRows) -> Double {
    switch rows {
    case .tokens(let uses): tokens * Double(uses)
    case .examples: examples
    }
  }

  /// The numbers that the forward pass of a block has in memory: those of all layers where a backward pass follows (of
  /// the last one K and V for all tokens, and the rest for the first tokens), else of one; and the embeddings and what
  /// passes from layer to layer.
  package func activations(rows: Int, examples: Int, longest: Int, goesBackward: Bool) -> Int {
    let c = configuration
    let (d, i, e) = (c.hidden, c.intermediate, c.embedding)
    // What the activations and their derivatives take.
    let neurons = (goesBackward ? 2 : 1) + (c.isGated ? 1 : 0)
    // A LayerNorm before a block has an output of its own.
    let inputs = c.normsBeforeBlocks ? d : 0
    let positions = positionTerms * min(2 * longest, 2 * (c.variant.disentangled?.span ?? 0)) * d
    func layer(_ index: Int, _ queries: Int) -> Int {
      let keys = c.window(ofLayer: index).map { min(longest, 2 * $0 + 64) } ?? longest
      return rows * (2 * d + inputs) + queries * (4 * d + inputs + neurons * i + keys * c.heads) + positions
    }
    let last = c.depth - 1
    let layers =
      goesBackward
      ? (0..<last).reduce(0) { $0 + layer($1, rows) } + layer(last, c.variant.poolsMean ? rows : examples)
      : (0...last).reduce(0) { max($0, layer($1, rows)) }
    return layers + 3 * rows * d + rows * e + (e == d ? 0 : rows * e)
  }
}
