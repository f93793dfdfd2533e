import LinearAlgebra

/// The sizes of one encoder and what its head predicts, read from `config.json`.
package struct EncoderConfiguration: Sendable, Hashable, Codable {
  /// What the head's outputs mean.
  package enum Problem: String, Sendable, Codable {
    /// Softmax over `outputs` classes.
    case singleLabel = "single_label_classification"
    /// `outputs` independent sigmoids.
    case multiLabel = "multi_label_classification"
    /// `outputs` numbers, each Gaussian with unit variance.
    case regression
  }

  /// The family: `model_type` of `config.json`.
  package var modelType: String
  /// As `config.json` counts them; see ``depth``.
  package var layers: Int
  /// D, the width of a token's vector.
  package var hidden: Int
  /// E, the width of the embedding tables; a linear layer makes D of it where they differ.
  package var embedding: Int
  /// H, the number of attention heads; `hidden / heads` is a head's size d.
  package var heads: Int
  /// I, the width between the two feed-forward matrices.
  package var intermediate: Int
  package var vocabulary: Int
  /// The rows of the position table, or what takes its place; see ``maximumTokens``.
  package var positions: Int
  /// Where positions are counted from behind the padding's id: that id. Nil where they count from 0.
  package var positionPadding: Int?
  /// 0 where there is no table of token types.
  package var tokenTypes: Int
  /// Between the feed-forward matrices.
  package var activation: Activation
  package var layerNormEpsilon: Double
  /// C, the number of the head's outputs; 0 for a bare encoder without a head.
  package var outputs: Int
  package var problem: Problem
  package var variant: Variant

  package init(
    modelType: String = "bert", layers: Int, hidden: Int, embedding: Int? = nil, heads: Int, intermediate: Int,
    vocabulary: Int, positions: Int, positionPadding: Int? = nil, tokenTypes: Int, activation: Activation = .gelu,
    layerNormEpsilon: Double = 1e-12, outputs: Int, problem: Problem = .singleLabel, variant: Variant = Variant()
  ) {
    self.modelType = modelType
    self.layers = layers
    self.hidden = hidden
    self.embedding = embedding ?? hidden
    self.positionPadding = positionPadding
    self.activation = activation
    self.heads = heads
    self.intermediate = intermediate
    self.vocabulary = vocabulary
    self.positions = positions
    self.tokenTypes = tokenTypes
    self.layerNormEpsilon = layerNormEpsilon
    self.outputs = outputs
    self.problem = problem
    self.variant = variant
  }

  /// The longest sequence, in tokens: what the position table has rows for, or what the configuration says.
  package var maximumTokens: Int { positions - (positionPadding.map { $0 + 1 } ?? 0) }

  /// d, the size of one head.
  package var headSize: Int { hidden / heads }

  /// The first key in which two heads differ that could not be averaged, and both values; labels are not looked at.
  package func firstHeadDifference(from other: EncoderConfiguration) -> (key: String, here: String, there: String)? {
    if problem != other.problem { return ("problem_type", problem.rawValue, other.problem.rawValue) }
    return Family.named(modelType)?.keys.variant?.firstHeadDifference(variant, other.variant)
  }

  /// The first size in which two encoders differ whose weights could not be averaged, as a key of `config.json` and
  /// both values; nil where they fit. Classification heads may differ.
  package func firstDifference(from other: EncoderConfiguration) -> (key: String, here: String, there: String)? {
    if modelType != other.modelType { return ("model_type", modelType, other.modelType) }
    guard let keys = Family.named(modelType)?.keys else { fatalError("\(modelType) is no family") }
    for (key, size) in keys.sizes where self[keyPath: size] != other[keyPath: size] {
      return (key.name, String(self[keyPath: size]), String(other[keyPath: size]))
    }
    if activation != other.activation {
      return (keys.activation, ConfigurationKeys.name(of: activation), ConfigurationKeys.name(of: other.activation))
    }
    if positionPadding != other.positionPadding {
      let (here, there) = (positionPadding ?? 0, other.positionPadding ?? 0)
      return (keys.positionPadding?.name ?? "pad_token_id", String(here), String(there))
    }
    if let difference = keys.variant?.firstDifference(variant, other.variant) { return difference }
    if layerNormEpsilon != other.layerNormEpsilon {
      return (keys.layerNormEpsilon.name ?? "layer_norm_eps", String(layerNormEpsilon), String(other.layerNormEpsilon))
    }
    return nil
  }
}
