import Checkpoints

extension Family {
  /// DeBERTa-v2 and v3: BERT's layers with attention to relative positions by a table of vectors; absolute positions,
  /// token types and a convolution behind the first layer where the configuration has them; a two-layer head of the
  /// task's own.
  ///
  /// Source: He et al. 2021 (arXiv 2006.03654 and 2111.09543); names and defaults as in `transformers`,
  /// `DebertaV2Config` and `DebertaV2ForSequenceClassification`.
  package static let deberta = Family(
    modelType: "deberta-v2",
    bareClassName: "DebertaV2Model",
    prefix: "deberta.",
    // Heads of pre-training; a table of positions that the model does not read.
    ignored: [
      "cls.", "lm_predictions.", "mask_predictions.", "deberta.embeddings.position_embeddings.",
      "embeddings.position_embeddings.", "deberta.encoder.LayerNorm.", "encoder.LayerNorm.",
    ],
    tokenizerClass: "DebertaV2Tokenizer",
    keys: ConfigurationKeys(
      layers: .init("num_hidden_layers", default: 24),
      hidden: .init("hidden_size", default: 1536),
      embedding: .init("embedding_size", default: 0),
      heads: .init("num_attention_heads", default: 24),
      intermediate: .init("intermediate_size", default: 6144),
      vocabulary: .init("vocab_size", default: 128100),
      positions: .init("max_position_embeddings", default: 512),
      tokenTypes: .init("type_vocab_size", default: 0),
      activation: "hidden_act",
      layerNormEpsilon: .init("layer_norm_eps", default: 1e-7),
      variant: VariantKeys(
        names: [
          "relative_attention", "position_buckets", "max_relative_positions", "pos_att_type", "share_att_key",
          "norm_rel_ebd", "position_biased_input", "conv_kernel_size", "conv_groups", "conv_act", "pooler_hidden_act",
        ], read: debertaVariant, common: debertaCommon,
        commonToHeads: { [("pooler_hidden_act", $0.headActivation?.rawValue ?? "none")] }),
      bounds: [.init("position_embedding_type", "absolute")],
      harmless: [
        "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "pooler_dropout", "cls_dropout",
        "legacy", "attention_head_size", "pooler_hidden_size",
      ]),
    embeddings: EmbeddingsForm(
      words: "deberta.embeddings.word_embeddings",
      positions: "deberta.embeddings.position_embeddings",
      tokenTypes: "deberta.embeddings.token_type_embeddings",
      norm: NormForm(.embeddingNorm, "deberta.embeddings.LayerNorm"),
      projection: .belowNorm(LinearForm("deberta.embeddings.embed_proj", hasBias: false))),
    relative: .table(
      "deberta.encoder.rel_embeddings", norm: NormForm(.relativeNorm, "deberta.encoder.LayerNorm")),
    layer: [
      SublayerForm(
        .attention(
          AttentionForm(
            query: LinearForm(debertaLayer + "attention.self.query_proj"),
            key: LinearForm(debertaLayer + "attention.self.key_proj"),
            value: LinearForm(debertaLayer + "attention.self.value_proj"),
            output: LinearForm(debertaLayer + "attention.output.dense"),
            positions: .init(
              key: LinearForm(debertaLayer + "attention.self.pos_key_proj"),
              query: LinearForm(debertaLayer + "attention.self.pos_query_proj")))),
        norm: NormForm(.attentionNorm, debertaLayer + "attention.output.LayerNorm")),
      SublayerForm(
        .feedForward(
          FeedForwardForm(
            intermediate: LinearForm(debertaLayer + "intermediate.dense"),
            output: LinearForm(debertaLayer + "output.dense"))),
        norm: NormForm(.outputNorm, debertaLayer + "output.LayerNorm")),
      SublayerForm(
        .convolution(ConvolutionForm("deberta.encoder.conv.conv")),
        norm: NormForm(.convolutionNorm, "deberta.encoder.conv.LayerNorm")),
    ],
    head: HeadForm(
      className: "DebertaV2ForSequenceClassification",
      dense: LinearForm("pooler.dense"), .configured,
      classifier: LinearForm("classifier"), standsAlone: true))

  private static let debertaLayer = "deberta.encoder.layer.{layer}."

  /// Reads in which of its ways a DeBERTa computes.
  @Sendable private static func debertaVariant(
    _ settings: ModelConfiguration, _ c: EncoderConfiguration
  ) throws -> EncoderConfiguration.Variant {
    for (key, size) in [("attention_head_size", c.headSize), ("pooler_hidden_size", c.hidden)]
    where try settings.integer(key, default: size) != size {
      throw settings.unsupported(key, supported: "\(size), as the other sizes have it")
    }
    let terms = try debertaTerms(settings)
    var variant = EncoderConfiguration.Variant()
    variant.hasPositions = try settings.bool("position_biased_input", default: true)
    variant.scoreTerms = 1 + terms.count
    variant.headActivation = try ConfigurationKeys.activation("pooler_hidden_act", of: settings, default: "gelu")
    if try settings.bool("relative_attention", default: false) {
      guard !terms.isEmpty else {
        throw settings.unsupported("pos_att_type", supported: "c2p, p2c or both, where relative_attention is true")
      }
      let buckets = try settings.integer("position_buckets", default: -1)
      guard buckets < 1 || buckets.isMultiple(of: 2), buckets <= EncoderConfiguration.largestSize else {
        throw settings.unsupported("position_buckets", supported: "an even number, or -1 for none")
      }
      let farthest = try settings.integer("max_relative_positions", default: -1)
      guard farthest <= EncoderConfiguration.largestSize else {
        throw ModelError.impossibleSize(settings.path, key: "max_relative_positions", value: farthest)
      }
      let norms = parts(try settings.string("norm_rel_ebd", default: "none"))
      guard norms.allSatisfy({ ["none", "layer_norm"].contains($0) }) else {
        throw settings.unsupported("norm_rel_ebd", supported: "none, layer_norm")
      }
      variant.disentangled = EncoderConfiguration.Disentangled(
        buckets: buckets > 0 ? buckets : nil, farthest: farthest < 1 ? c.positions : farthest,
        contentToPosition: terms.contains("c2p"), positionToContent: terms.contains("p2c"),
        sharesProjections: try settings.bool("share_att_key", default: false),
        normalizesTable: norms.contains("layer_norm"))
      // Half the buckets have a distance each; the logarithmic steps beyond them end at the farthest.
      if let found = variant.disentangled, found.buckets != nil, c.positions > buckets / 2 + 1,
        found.farthest <= buckets / 2 + 1
      {
        let key = farthest < 1 ? "max_position_embeddings, \(c.positions)" : "max_relative_positions, \(farthest)"
        throw settings.unsupported("position_buckets", supported: "less than 2 · (n - 1), where n is \(key)")
      }
    }
    let taps = try settings.integer("conv_kernel_size", default: 0)
    if taps > 0 {
      guard taps % 2 == 1, taps <= EncoderConfiguration.largestSize else {
        throw settings.unsupported("conv_kernel_size", supported: "an odd number, or 0 for none")
      }
      let groups = try settings.size("conv_groups", default: 1)
      guard c.hidden.isMultiple(of: groups) else {
        throw settings.unsupported("conv_groups", supported: "a divisor of hidden_size, \(c.hidden)")
      }
      variant.convolution = EncoderConfiguration.Convolution(
        taps: taps, groups: groups,
        activation: try ConfigurationKeys.activation("conv_act", of: settings, default: "tanh"))
    }
    return variant
  }

  /// What stands between bars.
  private static func parts(_ text: String) -> [String] {
    text.lowercased().filter { !$0.isWhitespace }.split(separator: "|").map(String.init)
  }

  /// `pos_att_type`: a list, or a text with bars between.
  private static func debertaTerms(_ settings: ModelConfiguration) throws -> Set<String> {
    guard let value = settings["pos_att_type"] else { return [] }
    let names = value.string.map(parts) ?? value.array?.map { $0.string ?? "" } ?? [""]
    guard names.allSatisfy({ ["c2p", "p2c"].contains($0) }) else {
      throw settings.unsupported("pos_att_type", supported: "c2p, p2c")
    }
    return Set(names)
  }

  @Sendable private static func debertaCommon(
    _ variant: EncoderConfiguration.Variant
  ) -> [(key: String, value: String)] {
    let (relative, convolution) = (variant.disentangled, variant.convolution)
    return [
      ("relative_attention", String(relative != nil)),
      (
        "pos_att_type",
        [("c2p", relative?.contentToPosition), ("p2c", relative?.positionToContent)]
          .filter { $0.1 == true }.map(\.0).joined(separator: "|")
      ),
      ("number of pos_att_type", String(variant.scoreTerms - 1)),
      ("position_buckets", String(relative?.buckets ?? -1)),
      ("max_relative_positions", String(relative?.farthest ?? -1)),
      ("share_att_key", String(relative?.sharesProjections ?? false)),
      ("norm_rel_ebd", relative?.normalizesTable == true ? "layer_norm" : "none"),
      ("position_biased_input", String(variant.hasPositions)),
      ("conv_kernel_size", String(convolution?.taps ?? 0)), ("conv_groups", String(convolution?.groups ?? 1)),
      ("conv_act", convolution?.activation.rawValue ?? "none"),
    ]
  }
}
