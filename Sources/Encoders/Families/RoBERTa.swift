extension Family {
  /// RoBERTa: BERT's layers; positions counted from behind the padding's id; a two-layer head of the task's own.
  ///
  /// Source: Liu et al. 2019 (arXiv 1907.11692); names and defaults as in `transformers`, `RobertaConfig` and
  /// `RobertaForSequenceClassification`.
  package static let roberta = roberta("roberta", "Roberta", vocabulary: 50265)

  /// XLM-R, Conneau et al. 2020 (arXiv 1911.02116): RoBERTa with another vocabulary.
  package static let xlmRoberta = roberta("xlm-roberta", "XLMRoberta", vocabulary: 30522)

  /// CamemBERT, Martin et al. 2020 (arXiv 1911.03894): RoBERTa with another vocabulary.
  package static let camembert = roberta("camembert", "Camembert", vocabulary: 30522)

  /// - Parameters:
  ///   - name: what `transformers` puts before the names of its classes.
  ///   - vocabulary: what an absent `vocab_size` means.
  private static func roberta(_ modelType: String, _ name: String, vocabulary: Int) -> Family {
    Family(
      modelType: modelType,
      bareClassName: "\(name)Model",
      prefix: "roberta.",
      // A pooler that the head does not read, and the head of pre-training.
      ignored: ["roberta.pooler.", "pooler.", "lm_head."],
      tokenizerClass: "\(name)Tokenizer",
      keys: ConfigurationKeys(
        layers: .init("num_hidden_layers", default: 12),
        hidden: .init("hidden_size", default: 768),
        heads: .init("num_attention_heads", default: 12),
        intermediate: .init("intermediate_size", default: 3072),
        vocabulary: .init("vocab_size", default: vocabulary),
        positions: .init("max_position_embeddings", default: 512),
        positionPadding: .init("pad_token_id", default: 1),
        tokenTypes: .init("type_vocab_size", default: 2),
        activation: "hidden_act",
        layerNormEpsilon: .init("layer_norm_eps", default: 1e-12),
        bounds: [.init("position_embedding_type", "absolute")],
        harmless: ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"]),
      embeddings: EmbeddingsForm(
        words: "roberta.embeddings.word_embeddings",
        positions: "roberta.embeddings.position_embeddings",
        tokenTypes: "roberta.embeddings.token_type_embeddings",
        norm: NormForm(.embeddingNorm, "roberta.embeddings.LayerNorm")),
      layer: layer(below: "roberta."),
      head: HeadForm(
        className: "\(name)ForSequenceClassification",
        dense: LinearForm("classifier.dense"), .tanh,
        classifier: LinearForm("classifier.out_proj")))
  }
}
