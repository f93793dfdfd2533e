import Encoders
import LinearAlgebra

/// The sizes of well-known encoders, for models with random weights.
package struct ModelShape: Sendable {
  package let name: String
  /// `model_type` of its family.
  package var family = "bert"
  package let layers, hidden, heads, intermediate: Int
  /// The tables' width; nil for the layers'.
  package var embedding: Int?
  package var vocabulary = 30522
  package var positions = 512
  package var positionPadding: Int?
  package var tokenTypes = 2
  package var activation = Activation.gelu
  package var layerNormEpsilon = 1e-12
  package var variant = EncoderConfiguration.Variant()

  package static let bertBase = ModelShape(name: "BERT-base", layers: 12, hidden: 768, heads: 12, intermediate: 3072)
  package static let miniLM = ModelShape(name: "MiniLM", layers: 6, hidden: 384, heads: 12, intermediate: 1536)
  package static let bertTiny = ModelShape(name: "BERT-tiny", layers: 2, hidden: 128, heads: 2, intermediate: 512)
  /// One of each family whose layers are BERT's, as large as BERT-base.
  package static let otherBases = [
    ModelShape(
      name: "RoBERTa-base", family: "roberta", layers: 12, hidden: 768, heads: 12, intermediate: 3072,
      vocabulary: 50265, positions: 514, positionPadding: 1, tokenTypes: 1),
    ModelShape(
      name: "DistilBERT-base", family: "distilbert", layers: 6, hidden: 768, heads: 12, intermediate: 3072,
      tokenTypes: 0),
    ModelShape(
      name: "ELECTRA-base", family: "electra", layers: 12, hidden: 768, heads: 12, intermediate: 3072),
  ]

  package static let albertBase = ModelShape(
    name: "ALBERT-base", family: "albert", layers: 12, hidden: 768, heads: 12, intermediate: 3072, embedding: 128,
    activation: .geluTanh, variant: sharing(groups: 1, inner: 1))
  package static let mpnetBase = ModelShape(
    name: "MPNet-base", family: "mpnet", layers: 12, hidden: 768, heads: 12, intermediate: 3072, vocabulary: 30527,
    positions: 514, positionPadding: 1, tokenTypes: 0)
  /// With BERT's vocabulary: of the table only the rows of the examples' tokens are read.
  package static let debertaBase = ModelShape(
    name: "DeBERTa-v3-base", family: "deberta-v2", layers: 12, hidden: 768, heads: 12, intermediate: 3072,
    tokenTypes: 0, layerNormEpsilon: 1e-7,
    variant: disentangled(
      EncoderConfiguration.Disentangled(
        buckets: 256, farthest: 512, contentToPosition: true, positionToContent: true, sharesProjections: true,
        normalizesTable: true)))
  package static let modernbertBase = ModelShape(
    name: "ModernBERT-base", family: "modernbert", layers: 22, hidden: 768, heads: 12, intermediate: 1152,
    vocabulary: 50368, positions: 8192, tokenTypes: 0, layerNormEpsilon: 1e-5,
    variant: rotary(window: 64, isLocal: (0..<22).map { !$0.isMultiple(of: 3) }))
  /// Layers of ModernBERT-base that see their neighbourhood only.
  package static let modernbertLocal = ModelShape(
    name: "local layers of ModernBERT-base", family: "modernbert", layers: 4, hidden: 768, heads: 12,
    intermediate: 1152, positions: 8192, tokenTypes: 0, layerNormEpsilon: 1e-5,
    variant: rotary(window: 64, isLocal: [true, true, true, true]))

  /// For tests: no real model is so small.
  package static let minute = ModelShape(
    name: "a minute model", layers: 2, hidden: 32, heads: 2, intermediate: 64, vocabulary: 300, positions: 128)
  /// The same of a few families whose layers are not BERT's.
  package static let minuteOthers = [
    ModelShape(
      name: "a minute ALBERT", family: "albert", layers: 3, hidden: 32, heads: 2, intermediate: 64, embedding: 8,
      vocabulary: 300, positions: 128, activation: .geluTanh, variant: sharing(groups: 2, inner: 2)),
    ModelShape(
      name: "a minute MPNet", family: "mpnet", layers: 2, hidden: 32, heads: 2, intermediate: 64, vocabulary: 300,
      positions: 130, positionPadding: 1, tokenTypes: 0),
    ModelShape(
      name: "a minute DeBERTa", family: "deberta-v2", layers: 2, hidden: 32, heads: 2, intermediate: 64,
      vocabulary: 300, positions: 128, tokenTypes: 0, layerNormEpsilon: 1e-7,
      variant: disentangled(
        EncoderConfiguration.Disentangled(
          buckets: 8, farthest: 40, contentToPosition: true, positionToContent: true, sharesProjections: true,
          normalizesTable: true),
        convolution: EncoderConfiguration.Convolution(taps: 3, groups: 2, activation: .tanh))),
    ModelShape(
      name: "a minute ModernBERT", family: "modernbert", layers: 3, hidden: 32, heads: 2, intermediate: 48,
      vocabulary: 300, positions: 512, tokenTypes: 0, layerNormEpsilon: 1e-5,
      variant: rotary(window: 3, isLocal: [false, true, true])),
  ]

  private static func sharing(groups: Int, inner: Int) -> EncoderConfiguration.Variant {
    var variant = EncoderConfiguration.Variant()
    variant.sharing = EncoderConfiguration.LayerSharing(groups: groups, inner: inner)
    return variant
  }

  /// As DeBERTa-v3 has it.
  private static func disentangled(
    _ table: EncoderConfiguration.Disentangled, convolution: EncoderConfiguration.Convolution? = nil
  ) -> EncoderConfiguration.Variant {
    var variant = EncoderConfiguration.Variant()
    variant.hasPositions = false
    variant.disentangled = table
    variant.scoreTerms = 1 + table.terms
    variant.convolution = convolution
    variant.headActivation = .gelu
    return variant
  }

  /// As ModernBERT has it.
  private static func rotary(window: Int, isLocal: [Bool]) -> EncoderConfiguration.Variant {
    var variant = EncoderConfiguration.Variant()
    variant.hasPositions = false
    variant.rotary = EncoderConfiguration.Rotary(
      globalTheta: 160_000, localTheta: 10_000, window: window, isLocal: isLocal)
    variant.attentionBias = false
    variant.feedForwardBias = false
    variant.headBias = false
    variant.normBias = false
    variant.headActivation = .gelu
    return variant
  }

  /// The same with all tokens in every layer's sight.
  package var global: ModelShape {
    var shape = self
    shape.variant.rotary?.isLocal = Array(repeating: false, count: layers)
    return shape
  }

  package func configuration(classes: Int) -> EncoderConfiguration {
    EncoderConfiguration(
      modelType: family, layers: layers, hidden: hidden, embedding: embedding, heads: heads,
      intermediate: intermediate, vocabulary: vocabulary, positions: positions, positionPadding: positionPadding,
      tokenTypes: tokenTypes, activation: activation, layerNormEpsilon: layerNormEpsilon, outputs: classes,
      variant: variant)
  }
}
