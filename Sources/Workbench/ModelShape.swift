import Encoders

/// The sizes of well-known encoders, for models with random weights.
package struct ModelShape: Sendable {
  package let name: String
  package let layers, hidden, heads, intermediate: Int
  package var vocabulary = 30522
  package var positions = 512

  package static let bertBase = ModelShape(name: "BERT-base", layers: 12, hidden: 768, heads: 12, intermediate: 3072)
  package static let miniLM = ModelShape(name: "MiniLM", layers: 6, hidden: 384, heads: 12, intermediate: 1536)
  package static let bertTiny = ModelShape(name: "BERT-tiny", layers: 2, hidden: 128, heads: 2, intermediate: 512)
  /// For tests: no real model is so small.
  package static let minute = ModelShape(
    name: "a minute model", layers: 2, hidden: 32, heads: 2, intermediate: 64, vocabulary: 300, positions: 128)

  package func configuration(classes: Int) -> EncoderConfiguration {
    EncoderConfiguration(
      layers: layers, hidden: hidden, heads: heads, intermediate: intermediate, vocabulary: vocabulary,
      positions: positions, tokenTypes: 2, outputs: classes)
  }
}
