import Encoders
import Estimation
import Merging

/// The floating-point operations of the encoder on one model's examples; 0 where there are none.
struct EncoderWork {
  let configuration: EncoderConfiguration
  private let tokens: Double
  private let examples: Double
  private let squaredLengths: Double

  init(_ model: PlannedModel) {
    self.init(
      configuration: model.configuration, tokens: Double(model.data?.tokens ?? 0),
      examples: Double(model.data?.examples ?? 0), squaredLengths: Double(model.data?.squaredLengths ?? 0))
  }

  init(configuration: EncoderConfiguration, tokens: Double, examples: Double, squaredLengths: Double) {
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

  /// One layer for all tokens. Scores and context: 4 d for each pair of tokens of an example.
  var wholeLayer: Double { tokens * perToken + 4 * squaredLengths * Double(configuration.hidden) }

  /// One forward pass: of the last layer K and V for all tokens, the rest for one row per example.
  var forward: Double {
    let d = Double(configuration.hidden)
    return Double(configuration.layers - 1) * wholeLayer + tokens * 4 * d * d + examples * perToken
  }

  /// One forward pass with the last layer for all tokens.
  var wholeForward: Double { Double(configuration.layers) * wholeLayer }

  /// The Gram matrices of all layers, and that of the pooler of one row per example.
  var gramMatrices: Double {
    ModelLayout(of: configuration).gramSites().reduce(0) { operations, site in
      operations + (site.rows == .tokens ? tokens : examples)
        * GramMatrices<Float>.operationsPerRow(inputs: site.inputs)
    }
  }

  /// The numbers that the forward pass of a block has in memory: those of all layers where a backward pass follows,
  /// else of one; and the embeddings and what passes from layer to layer.
  func activations(rows: Int, longest: Int, goesBackward: Bool) -> Int {
    let (d, i) = (configuration.hidden, configuration.intermediate)
    let layer = rows * (6 * d + (goesBackward ? 2 : 1) * i) + rows * longest * configuration.heads
    return (goesBackward ? configuration.layers : 1) * layer + 4 * rows * d
  }
}
