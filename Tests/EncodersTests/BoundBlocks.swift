import Encoders
import LinearAlgebra

extension EncoderWeights {
  /// The attention of a layer that has one.
  func attention(_ layer: Int) -> Attention<Scalar> {
    for sublayer in layers[layer] { if case .attention(let block) = sublayer.block { return block } }
    fatalError("layer \(layer) has no attention")
  }

  /// The feed-forward block of a layer that has one.
  func feedForward(_ layer: Int) -> FeedForward<Scalar> {
    for sublayer in layers[layer] { if case .feedForward(let block) = sublayer.block { return block } }
    fatalError("layer \(layer) has no feed-forward block")
  }
}
