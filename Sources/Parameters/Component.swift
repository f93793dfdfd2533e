/// The label of a parameter's place in the encoder, whatever a family calls its tensor; for reports and for binding
/// weights. What a parameter does is its ``ParameterRole``.
package enum Component: String, Sendable, Codable, CaseIterable {
  case wordEmbeddings, positionEmbeddings, tokenTypeEmbeddings, embeddingNorm, embeddingProjection
  case query, key, value, attentionOutput, attentionNorm
  case intermediate, output, outputNorm
  case pooler, headDense, classifier
}
