extension Family {
  /// MPNet: BERT's layers with a bias of the scores by distance, one table for all layers; positions counted from behind
  /// id 1 whatever the padding's is; a two-layer head of the task's own.
  ///
  /// Source: Song et al. 2020 (arXiv 2004.09297); names and defaults as in `transformers`, `MPNetConfig` and
  /// `MPNetForSequenceClassification`.
  package static let mpnet = Family(
    modelType: "mpnet",
    bareClassName: "MPNetModel",
    prefix: "mpnet.",
    // A pooler that the head does not read, and the head of pre-training.
    ignored: ["mpnet.pooler.", "pooler.", "lm_head."],
    tokenizerClass: "MPNetTokenizer",
    keys: ConfigurationKeys(
      layers: .init("num_hidden_layers", default: 12),
      hidden: .init("hidden_size", default: 768),
      heads: .init("num_attention_heads", default: 12),
      intermediate: .init("intermediate_size", default: 3072),
      vocabulary: .init("vocab_size", default: 30527),
      positions: .init("max_position_embeddings", default: 512),
      fixedPositionPadding: 1,
      tokenTypes: nil,
      activation: "hidden_act",
      layerNormEpsilon: .init("layer_norm_eps", default: 1e-12),
      // The library's buckets are 32 whatever its configuration says.
      bounds: [.init("relative_attention_num_buckets", 32)],
      harmless: ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"]),
    embeddings: EmbeddingsForm(
      words: "mpnet.embeddings.word_embeddings",
      positions: "mpnet.embeddings.position_embeddings",
      tokenTypes: nil,
      norm: NormForm(.embeddingNorm, "mpnet.embeddings.LayerNorm")),
    relative: .bias("mpnet.encoder.relative_attention_bias"),
    layer: [
      SublayerForm(
        .attention(
          AttentionForm(
            query: LinearForm(mpnetLayer + "attention.attn.q"),
            key: LinearForm(mpnetLayer + "attention.attn.k"),
            value: LinearForm(mpnetLayer + "attention.attn.v"),
            output: LinearForm(mpnetLayer + "attention.attn.o"))),
        norm: NormForm(.attentionNorm, mpnetLayer + "attention.LayerNorm")),
      SublayerForm(
        .feedForward(
          FeedForwardForm(
            intermediate: LinearForm(mpnetLayer + "intermediate.dense"),
            output: LinearForm(mpnetLayer + "output.dense"))),
        norm: NormForm(.outputNorm, mpnetLayer + "output.LayerNorm")),
    ],
    head: HeadForm(
      className: "MPNetForSequenceClassification",
      dense: LinearForm("classifier.dense"), .tanh,
      classifier: LinearForm("classifier.out_proj")))

  private static let mpnetLayer = "mpnet.encoder.layer.{layer}."
}
