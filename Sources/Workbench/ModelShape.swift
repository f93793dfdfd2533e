import Encoders

/// The sizes of well-known encoders, for models with random weights.
package struct ModelShape: Sendable {
  package let name: String
  /// `model_type` of its family.
  package var family = "bert"
  package let layers, hidden, heads, intermediate: Int
  package var vocabulary = 30522
  package var positions = 512
  package var tokenTypes = 2

  package static let bertBase = ModelShape(name: "BERT-base", layers: 12, hidden: 768, heads: 12, intermediate: 3072)
  package static let miniLM = ModelShape(name: "MiniLM", layers: 6, hidden: 384, heads: 12, intermediate: 1536)
  package static let bertTiny = ModelShape(name: "BERT-tiny", layers: 2, hidden: 128, heads: 2, intermediate: 512)
  /// One of each family whose layers are BERT's, as large as BERT-base.
  package static let otherBases = [
    ModelShape(
      name: "RoBERTa-base", family: "roberta", layers: 12, hidden: 768, heads: 12, intermediate: 3072,
      vocabulary: 50265, positions: 514, tokenTypes: 1),
    ModelShape(
      name: "DistilBERT-base", family: "distilbert", layers: 6, hidden: 768, heads: 12, intermediate: 3072,
      tokenTypes: 0),
    ModelShape(
      name: "ELECTRA-base", family: "electra", layers: 12, hidden: 768, heads: 12, intermediate: 3072),
  ]
  /// For tests: no real model is so small.
  package static let minute = ModelShape(
    name: "a minute model", layers: 2, hidden: 32, heads: 2, intermediate: 64, vocabulary: 300, positions: 128)

  package func configuration(classes: Int) -> EncoderConfiguration {
    EncoderConfiguration(
      modelType: family, layers: layers, hidden: hidden, heads: heads, intermediate: intermediate,
      vocabulary: vocabulary, positions: positions, positionPadding: family == "roberta" ? 1 : nil,
      tokenTypes: tokenTypes, outputs: classes)
  }
}
