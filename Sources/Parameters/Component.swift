/// The label of a parameter's place in the encoder, whatever a family calls its tensor; for reports and for binding
/// weights. What a parameter does is its ``ParameterRole``.
package enum Component: String, Sendable, Codable, CaseIterable {
  case wordEmbeddings, positionEmbeddings, tokenTypeEmbeddings, embeddingNorm, embeddingProjection
  case relativeBias, relativeEmbeddings, relativeNorm
  case query, key, value, queryKeyValue, positionKey, positionQuery, attentionOutput, attentionNorm
  case intermediate, output, outputNorm
  case convolution, convolutionNorm
  case finalNorm, pooler, headDense, headNorm, classifier

  /// Whether it is the scale and the offset of a normalisation.
  package var isNorm: Bool {
    switch self {
    case .embeddingNorm, .relativeNorm, .attentionNorm, .outputNorm, .convolutionNorm, .finalNorm, .headNorm: true
    default: false
    }
  }
}
