import Checkpoints

extension Family {
  /// ALBERT: BERT's layers with parameters that all layers of a group share; narrow tables, and always a linear layer to
  /// the layers' width.
  ///
  /// Source: Lan et al. 2020 (arXiv 1909.11942); names and defaults as in `transformers`, `AlbertConfig` and
  /// `AlbertForSequenceClassification`.
  package static let albert = Family(
    modelType: "albert",
    bareClassName: "AlbertModel",
    prefix: "albert.",
    ignored: ["predictions.", "sop_classifier."],
    tokenizerClass: "AlbertTokenizer",
    keys: ConfigurationKeys(
      layers: .init("num_hidden_layers", default: 12),
      hidden: .init("hidden_size", default: 4096),
      embedding: .init("embedding_size", default: 128),
      heads: .init("num_attention_heads", default: 64),
      intermediate: .init("intermediate_size", default: 16384),
      vocabulary: .init("vocab_size", default: 30000),
      positions: .init("max_position_embeddings", default: 512),
      tokenTypes: .init("type_vocab_size", default: 2),
      activation: "hidden_act",
      activationFallback: "gelu_new",
      layerNormEpsilon: .init("layer_norm_eps", default: 1e-12),
      variant: VariantKeys(
        names: ["num_hidden_groups", "inner_group_num"],
        read: { settings, c in
          let sharing = EncoderConfiguration.LayerSharing(
            groups: try settings.size("num_hidden_groups", default: 1),
            inner: try settings.size("inner_group_num", default: 1))
          guard sharing.groups <= c.layers else {
            throw settings.unsupported("num_hidden_groups", supported: "at most num_hidden_layers, \(c.layers)")
          }
          guard sharing.inner * c.layers <= EncoderConfiguration.largestDepth else {
            throw settings.unsupported("inner_group_num", supported: "a few layers in each step")
          }
          var variant = EncoderConfiguration.Variant()
          variant.sharing = sharing
          return variant
        },
        common: { variant in
          [
            ("num_hidden_groups", String(variant.sharing?.groups ?? 1)),
            ("inner_group_num", String(variant.sharing?.inner ?? 1)),
          ]
        }),
      bounds: [.init("position_embedding_type", "absolute")],
      harmless: [
        "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout_prob",
        // Of early files; no computation reads them.
        "down_scale_factor", "gap_size", "net_structure_type", "num_memory_blocks", "layers_to_keep",
      ]),
    embeddings: EmbeddingsForm(
      words: "albert.embeddings.word_embeddings",
      positions: "albert.embeddings.position_embeddings",
      tokenTypes: "albert.embeddings.token_type_embeddings",
      norm: NormForm(.embeddingNorm, "albert.embeddings.LayerNorm"),
      projection: .alwaysAboveNorm(LinearForm("albert.encoder.embedding_hidden_mapping_in"))),
    layer: [
      SublayerForm(
        .attention(
          AttentionForm(
            query: LinearForm(albertLayer + "attention.query"),
            key: LinearForm(albertLayer + "attention.key"),
            value: LinearForm(albertLayer + "attention.value"),
            output: LinearForm(albertLayer + "attention.dense"))),
        norm: NormForm(.attentionNorm, albertLayer + "attention.LayerNorm")),
      SublayerForm(
        .feedForward(
          FeedForwardForm(
            intermediate: LinearForm(albertLayer + "ffn"),
            output: LinearForm(albertLayer + "ffn_output"))),
        norm: NormForm(.outputNorm, albertLayer + "full_layer_layer_norm")),
    ],
    head: HeadForm(
      className: "AlbertForSequenceClassification",
      pooler: LinearForm("albert.pooler"),
      classifier: LinearForm("classifier")))

  private static let albertLayer = "albert.encoder.albert_layer_groups.{group}.albert_layers.{inner}."
}
