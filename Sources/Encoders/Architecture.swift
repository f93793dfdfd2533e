import Parameters

/// A family of encoders as data: how its files name things. Tensor-name strings appear here and nowhere else.
///
/// A new family is a new row of ``families``, not a new class; what it computes differently becomes a field of the row.
package struct Architecture: Sendable {
  /// `model_type` in `config.json`.
  package let modelType: String
  /// `architectures` in the `config.json` of a model with a head.
  package let className: String
  /// What precedes the encoder's names in a model with a head; a bare encoder's file leaves it out.
  package let prefix: String
  /// The keys of `config.json` that hold the sizes.
  package let keys: ConfigurationKeys
  /// The tensor names without ".weight" and ".bias"; `{layer}` stands for the layer's number.
  let templates: [Component: String]

  package struct ConfigurationKeys: Sendable {
    package let layers: String
    package let hidden: String
    package let heads: String
    package let intermediate: String
    package let vocabulary: String
    package let positions: String
    package let tokenTypes: String
    package let layerNormEpsilon: String
    package let activation: String
  }

  /// The families that the encoder knows.
  package static let families: [Architecture] = [
    Architecture(
      modelType: "bert", className: "BertForSequenceClassification", prefix: "bert.",
      keys: ConfigurationKeys(
        layers: "num_hidden_layers", hidden: "hidden_size", heads: "num_attention_heads",
        intermediate: "intermediate_size", vocabulary: "vocab_size", positions: "max_position_embeddings",
        tokenTypes: "type_vocab_size", layerNormEpsilon: "layer_norm_eps", activation: "hidden_act"),
      templates: [
        .wordEmbeddings: "bert.embeddings.word_embeddings",
        .positionEmbeddings: "bert.embeddings.position_embeddings",
        .tokenTypeEmbeddings: "bert.embeddings.token_type_embeddings",
        .embeddingNorm: "bert.embeddings.LayerNorm",
        .query: "bert.encoder.layer.{layer}.attention.self.query",
        .key: "bert.encoder.layer.{layer}.attention.self.key",
        .value: "bert.encoder.layer.{layer}.attention.self.value",
        .attentionOutput: "bert.encoder.layer.{layer}.attention.output.dense",
        .attentionNorm: "bert.encoder.layer.{layer}.attention.output.LayerNorm",
        .intermediate: "bert.encoder.layer.{layer}.intermediate.dense",
        .output: "bert.encoder.layer.{layer}.output.dense",
        .outputNorm: "bert.encoder.layer.{layer}.output.LayerNorm",
        .pooler: "bert.pooler.dense",
        .classifier: "classifier",
      ])
  ]

  /// The family of a `model_type`; nil where it is unknown.
  package static func family(_ modelType: String) -> Architecture? { families.first { $0.modelType == modelType } }

  /// All parameters of a model, in the order in which the data flow through them. Without outputs there is no classifier.
  package func parameters(of configuration: EncoderConfiguration) -> [Parameter] {
    let outside: ([Component]) -> [Parameter] = { components in
      components.flatMap { self.parameters($0, layer: nil, configuration) }
    }
    var all = outside([.wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings, .embeddingNorm])
    for layer in 0..<configuration.layers {
      for component in Self.ofLayer { all += parameters(component, layer: layer, configuration) }
    }
    return all + outside(configuration.outputs > 0 ? [.pooler, .classifier] : [.pooler])
  }

  private static let ofLayer: [Component] = [
    .query, .key, .value, .attentionOutput, .attentionNorm, .intermediate, .output, .outputNorm,
  ]

  private func parameters(_ component: Component, layer: Int?, _ c: EncoderConfiguration) -> [Parameter] {
    let weightShape: [Int] =
      switch component {
      case .wordEmbeddings: [c.vocabulary, c.hidden]
      case .positionEmbeddings: [c.positions, c.hidden]
      case .tokenTypeEmbeddings: [c.tokenTypes, c.hidden]
      case .embeddingNorm, .attentionNorm, .outputNorm: [c.hidden]
      case .query, .key, .value, .attentionOutput, .pooler: [c.hidden, c.hidden]
      case .intermediate: [c.intermediate, c.hidden]
      case .output: [c.hidden, c.intermediate]
      case .classifier: [c.outputs, c.hidden]
      }
    guard var stem = templates[component] else { return [] }
    if let layer, let place = stem.firstRange(of: "{layer}") { stem.replaceSubrange(place, with: String(layer)) }
    func parameter(_ kind: Parameter.Kind, _ shape: [Int]) -> Parameter {
      Parameter(
        component: component, layer: layer, kind: kind, name: "\(stem).\(kind.rawValue)", shape: shape,
        role: Self.role(component, layer ?? 0, kind))
    }
    let weight = parameter(.weight, weightShape)
    switch component {
    case .wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings: return [weight]
    default: return [weight, parameter(.bias, [weightShape[0]])]
    }
  }

  private static func role(_ component: Component, _ layer: Int, _ kind: Parameter.Kind) -> ParameterRole {
    let (attention, feedForward) = (
      ParameterRole.Stage.attention(layer: layer), ParameterRole.Stage.feedForward(layer: layer)
    )
    let isWeight = kind == .weight
    return switch component {
    case .wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings, .embeddingNorm: ParameterRole(.embeddings)
    case .query: ParameterRole(attention, .rows(.heads, isScaled: false), input: .attention)
    case .key: ParameterRole(attention, .rows(.heads, isScaled: false), input: .attention, isGradientFree: !isWeight)
    case .value: ParameterRole(attention, .rows(.heads, isScaled: true), input: .attention)
    case .attentionOutput: ParameterRole(attention, isWeight ? .columns(.heads) : .whole, input: .attentionOutput)
    case .attentionNorm: ParameterRole(attention)
    case .intermediate: ParameterRole(feedForward, .rows(.neurons, isScaled: false), input: .intermediate)
    case .output: ParameterRole(feedForward, isWeight ? .columns(.neurons) : .whole, input: .output)
    case .outputNorm: ParameterRole(feedForward)
    case .pooler: ParameterRole(.pooler, input: .pooler)
    case .classifier: ParameterRole(.head, input: .classifier)
    }
  }
}
