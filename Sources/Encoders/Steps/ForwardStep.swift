import Parameters

/// A place of the forward pass where linear layers with a common input stand: what is merged together when layers are
/// merged in forward order.
package struct ForwardStep: Hashable, Sendable {
  package let place: LinearInput
  /// Of those that the data flow through; nil outside the layers.
  package let layer: Int?
  /// The layer as the parameters know it.
  package let number: Int?
}

extension EncoderWeights {
  /// Every step up to the last one whose layers are part of a merged model, in the order in which the data reach them.
  package var steps: [ForwardStep] {
    var steps: [ForwardStep] = []
    if embeddings.projection != nil {
      steps.append(ForwardStep(place: .embeddingProjection, layer: nil, number: nil))
    }
    for (layer, sublayers) in layers.enumerated() {
      for sublayer in sublayers {
        let places: [LinearInput]
        let number: Int?
        switch sublayer.block {
        case .attention(let attention):
          (places, number) = ([.attention, .attentionOutput], attention.key.layer)
        case .feedForward(let feedForward):
          (places, number) = ([.intermediate, .output], feedForward.output.layer)
        case .convolution: (places, number) = ([], nil)
        }
        steps += places.map { ForwardStep(place: $0, layer: layer, number: number) }
      }
    }
    if head.input == .pooler { steps.append(ForwardStep(place: .pooler, layer: nil, number: nil)) }
    return steps
  }

  /// The linear layers of a step, in the order of their parameters: query, key and value; a feed-forward layer and its
  /// gate; or one.
  package func linears(at step: ForwardStep) -> [Linear<Scalar>] {
    switch step.place {
    case .embeddingProjection: return [embeddings.projection].compactMap(\.self)
    case .pooler, .headDense: return [head.dense]
    case .classifier: return [head.classifier]
    case .relativePositions: return []
    case .attention, .attentionOutput, .intermediate, .output: break
    }
    for sublayer in layers[step.layer ?? 0] {
      switch (sublayer.block, step.place) {
      case (.attention(let own), .attention): return [own.query, own.key, own.value]
      case (.attention(let own), .attentionOutput): return [own.output]
      case (.feedForward(let own), .intermediate): return [own.intermediate, own.gate].compactMap(\.self)
      case (.feedForward(let own), .output): return [own.output]
      default: continue
      }
    }
    return []
  }
}
