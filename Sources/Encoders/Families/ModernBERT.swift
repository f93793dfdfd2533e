import Checkpoints

extension Family {
  /// ModernBERT: LayerNorms before the blocks and one above the layers, rotary positions, layers that look at their
  /// neighbourhood only, gated feed-forward parts, hardly any bias; a head of the task's own on the first token or the
  /// mean.
  ///
  /// Source: Warner et al. 2024 (arXiv 2412.13663); names and defaults as in `transformers`, `ModernBertConfig` and
  /// `ModernBertForSequenceClassification`.
  package static let modernbert = Family(
    modelType: "modernbert",
    bareClassName: "ModernBertModel",
    prefix: "model.",
    ignored: ["decoder."],
    tokenizerClass: "TokenizersBackend",
    keys: ConfigurationKeys(
      layers: .init("num_hidden_layers", default: 22),
      hidden: .init("hidden_size", default: 768),
      heads: .init("num_attention_heads", default: 12),
      intermediate: .init("intermediate_size", default: 1152),
      vocabulary: .init("vocab_size", default: 50368),
      positions: .init("max_position_embeddings", default: 8192),
      tokenTypes: nil,
      activation: "hidden_activation",
      layerNormEpsilon: .init("norm_eps", default: 1e-5),
      variant: VariantKeys(
        names: [
          "norm_bias", "attention_bias", "mlp_bias", "classifier_bias", "classifier_activation", "classifier_pooling",
          "local_attention", "layer_types", "global_attn_every_n_layers", "rope_parameters", "global_rope_theta",
          "local_rope_theta",
        ], read: modernbertVariant, common: modernbertCommon,
        commonToHeads: {
          [
            ("classifier_pooling", $0.poolsMean ? "mean" : "cls"), ("classifier_bias", String($0.headBias)),
            ("classifier_activation", $0.headActivation?.rawValue ?? "none"),
          ]
        }),
      bounds: [.init("rope_scaling", .null), .init("position_embedding_type", "absolute", "rope")],
      harmless: [
        "initializer_cutoff_factor", "cls_token_id", "attention_dropout", "embedding_dropout", "mlp_dropout",
        "classifier_dropout", "decoder_bias", "deterministic_flash_attn", "sparse_prediction",
        "sparse_pred_ignore_index", "reference_compile", "repad_logits_with_grad", "layer_norm_eps",
      ]),
    embeddings: EmbeddingsForm(
      words: "model.embeddings.tok_embeddings",
      positions: nil,
      tokenTypes: nil,
      norm: NormForm(.embeddingNorm, "model.embeddings.norm")),
    layer: [
      SublayerForm(
        .attention(
          AttentionForm(
            .fused(LinearForm(modernbertLayer + "attn.Wqkv")), output: LinearForm(modernbertLayer + "attn.Wo"))),
        norm: NormForm(.attentionNorm, modernbertLayer + "attn_norm"), order: .normBeforeBlockButFirst),
      SublayerForm(
        .feedForward(
          FeedForwardForm(
            intermediate: LinearForm(modernbertLayer + "mlp.Wi"), output: LinearForm(modernbertLayer + "mlp.Wo"),
            isGated: true)),
        norm: NormForm(.outputNorm, modernbertLayer + "mlp_norm"), order: .normBeforeBlock),
    ],
    finalNorm: NormForm(.finalNorm, "model.final_norm"),
    head: HeadForm(
      className: "ModernBertForSequenceClassification",
      dense: LinearForm("head.dense"), .configured, norm: NormForm(.headNorm, "head.norm"),
      classifier: LinearForm("classifier"), standsAlone: true))

  private static let modernbertLayer = "model.layers.{layer}."

  /// Reads in which of its ways a ModernBERT computes.
  @Sendable private static func modernbertVariant(
    _ settings: ModelConfiguration, _ c: EncoderConfiguration
  ) throws -> EncoderConfiguration.Variant {
    guard c.headSize.isMultiple(of: 2) else {
      throw settings.unsupported(
        "num_attention_heads", supported: "divisors of hidden_size, \(c.hidden), that leave heads of an even size")
    }
    var variant = EncoderConfiguration.Variant()
    variant.hasPositions = false
    variant.normBias = try settings.bool("norm_bias", default: false)
    variant.attentionBias = try settings.bool("attention_bias", default: false)
    variant.feedForwardBias = try settings.bool("mlp_bias", default: false)
    variant.headBias = try settings.bool("classifier_bias", default: false)
    variant.headActivation = try ConfigurationKeys.activation("classifier_activation", of: settings, default: "gelu")
    switch try settings.string("classifier_pooling", default: "cls") {
    case "cls": break
    case "mean": variant.poolsMean = true
    default: throw settings.unsupported("classifier_pooling", supported: "cls, mean")
    }
    let (global, local) = try modernbertThetas(settings)
    variant.rotary = EncoderConfiguration.Rotary(
      globalTheta: global, localTheta: local, window: try settings.size("local_attention", default: 128) / 2,
      isLocal: try modernbertLayers(settings, c))
    return variant
  }

  /// `layer_types`; else `global_attn_every_n_layers`.
  private static func modernbertLayers(_ settings: ModelConfiguration, _ c: EncoderConfiguration) throws -> [Bool] {
    guard let value = settings["layer_types"] else {
      let step = try settings.size("global_attn_every_n_layers", default: 3)
      return (0..<c.layers).map { !$0.isMultiple(of: step) }
    }
    let names = value.array?.map { $0.string ?? "" } ?? []
    guard names.count == c.layers else {
      throw settings.unsupported(
        "layer_types", value: "a list of \(names.count)", supported: "one for each of num_hidden_layers, \(c.layers)")
    }
    guard names.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) }) else {
      throw settings.unsupported(
        "layer_types", value: names.first { !["full_attention", "sliding_attention"].contains($0) } ?? "",
        supported: "full_attention, sliding_attention")
    }
    return names.map { $0 == "sliding_attention" }
  }

  /// θ of global and of local layers: `rope_parameters`; where it does not say, the keys of `transformers` 4.
  private static func modernbertThetas(_ settings: ModelConfiguration) throws -> (global: Double, local: Double) {
    let kinds = [
      ("full_attention", "global_rope_theta", 160_000.0), ("sliding_attention", "local_rope_theta", 10_000.0),
    ]
    let parameters = settings["rope_parameters"]
    if let parameters {
      guard let members = parameters.members, members.allSatisfy({ member in kinds.contains { $0.0 == member.key } })
      else {
        throw settings.unsupported(
          "rope_parameters", supported: "an object for full_attention and one for sliding_attention")
      }
    }
    let thetas = try kinds.map { kind, key, fallback in
      let own = parameters?[kind]?.members ?? []
      for member in own {
        switch member.key {
        case "rope_theta" where member.value.double.map { $0 > 0 } == true: break
        case "rope_type" where member.value.string == "default": break
        default:
          throw settings.unsupported(
            "rope_parameters", supported: "rope_theta, a positive number, and rope_type default")
        }
      }
      if let theta = parameters?[kind]?["rope_theta"]?.double { return theta }
      // In version 4 null stands for the global one, in version 5 for the default.
      if settings.json[key]?.isNull == true { throw settings.unsupported(key, supported: "a number") }
      let theta = try settings.double(key, default: fallback)
      guard theta > 0 else { throw settings.unsupported(key, supported: "a positive number") }
      return theta
    }
    return (thetas[0], thetas[1])
  }

  @Sendable private static func modernbertCommon(
    _ variant: EncoderConfiguration.Variant
  ) -> [(key: String, value: String)] {
    guard let rotary = variant.rotary else { return [] }
    return [
      ("local_attention", "\(rotary.window) tokens to each side"),
      ("rope_theta of full_attention", String(rotary.globalTheta)),
      ("rope_theta of sliding_attention", String(rotary.localTheta)),
      ("norm_bias", String(variant.normBias)), ("attention_bias", String(variant.attentionBias)),
      ("mlp_bias", String(variant.feedForwardBias)),
    ]
      + rotary.isLocal.enumerated().map {
        ("layer_types of layer \($0)", $1 ? "sliding_attention" : "full_attention")
      }
  }
}
