extension Family {
  /// ELECTRA's discriminator: BERT's layers; tables that may be narrower than these, with a linear layer between; a
  /// two-layer head of the task's own, with the exact GELU whatever `hidden_act` says.
  ///
  /// Source: Clark et al. 2020 (arXiv 2003.10555); names and defaults as in `transformers`, `ElectraConfig` and
  /// `ElectraForSequenceClassification`.
  package static let electra = Family(
    modelType: "electra",
    bareClassName: "ElectraModel",
    prefix: "electra.",
    ignored: ["discriminator_predictions.", "generator_predictions.", "generator_lm_head."],
    tokenizerClass: "ElectraTokenizer",
    keys: ConfigurationKeys(
      layers: .init("num_hidden_layers", default: 12),
      hidden: .init("hidden_size", default: 256),
      embedding: .init("embedding_size", default: 128),
      heads: .init("num_attention_heads", default: 4),
      intermediate: .init("intermediate_size", default: 1024),
      vocabulary: .init("vocab_size", default: 30522),
      positions: .init("max_position_embeddings", default: 512),
      tokenTypes: .init("type_vocab_size", default: 2),
      activation: "hidden_act",
      layerNormEpsilon: .init("layer_norm_eps", default: 1e-12),
      bounds: [.init("position_embedding_type", "absolute")],
      harmless: [
        "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout",
        // For multiple choice.
        "summary_type", "summary_use_proj", "summary_activation", "summary_last_dropout", "summary_first_dropout",
        "summary_proj_to_labels",
      ]),
    embeddings: EmbeddingsForm(
      words: "electra.embeddings.word_embeddings",
      positions: "electra.embeddings.position_embeddings",
      tokenTypes: "electra.embeddings.token_type_embeddings",
      norm: NormForm(.embeddingNorm, "electra.embeddings.LayerNorm"),
      projection: .aboveNorm(LinearForm("electra.embeddings_project"))),
    layer: layer(below: "electra."),
    head: HeadForm(
      className: "ElectraForSequenceClassification",
      dense: LinearForm("classifier.dense"), .activation(.gelu),
      classifier: LinearForm("classifier.out_proj")))
}
