/// What a parameter does in the encoder, whatever a family calls its tensor.
package enum Component: String, Sendable, Codable, CaseIterable {
  case wordEmbeddings, positionEmbeddings, tokenTypeEmbeddings, embeddingNorm
  case query, key, value, attentionOutput, attentionNorm
  case intermediate, output, outputNorm
  case pooler, classifier

  /// Whether there is one in every layer.
  package var isPerLayer: Bool {
    switch self {
    case .query, .key, .value, .attentionOutput, .attentionNorm, .intermediate, .output, .outputNorm: true
    default: false
    }
  }

  /// Whether a task keeps its own: the classification head is not merged.
  package var isHead: Bool { self == .classifier }
}

/// One tensor of a model: its place in the encoder, its name in the file and its shape.
package struct Parameter: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Codable { case weight, bias }

  package let component: Component
  /// The layer, counted from 0; nil outside the layers.
  package let layer: Int?
  package let kind: Kind
  /// The tensor's name in a file with a head, such as `bert.encoder.layer.0.attention.self.query.weight`.
  package let name: String
  /// Linear layers: [outputs, inputs] and [outputs]; embeddings: [rows, hidden]; LayerNorm: [hidden].
  package let shape: [Int]

  package var count: Int { shape.reduce(1, *) }
}
