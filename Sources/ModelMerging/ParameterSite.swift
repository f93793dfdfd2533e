import Merging
import Parameters

extension Parameter {
  /// Where the merging rules place this parameter.
  var mergeSite: MergeSite {
    let kind: MergeSite.Parameter = kind == .weight ? .weight : .bias
    let layer = layer ?? 0
    switch component {
    case .wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings, .embeddingNorm: return .embeddings
    case .query: return .layer(layer, .query, kind)
    case .key: return .layer(layer, .key, kind)
    case .value: return .layer(layer, .value, kind)
    case .attentionOutput: return .layer(layer, .attentionOutput, kind)
    case .attentionNorm: return .layer(layer, .attentionNorm, kind)
    case .intermediate: return .layer(layer, .intermediate, kind)
    case .output: return .layer(layer, .output, kind)
    case .outputNorm: return .layer(layer, .outputNorm, kind)
    case .pooler: return .pooler
    case .classifier: fatalError("the head is not merged")
    }
  }
}
