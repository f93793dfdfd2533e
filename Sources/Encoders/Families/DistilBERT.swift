extension Family {
  /// DistilBERT: BERT's layers under other names; no token types; a ReLU between the two layers of the task's head.
  ///
  /// Source: Sanh et al. 2019 (arXiv 1910.01108); names and defaults as in `transformers`, `DistilBertConfig` and
  /// `DistilBertForSequenceClassification`.
  package static let distilbert = Family(
    modelType: "distilbert",
    bareClassName: "DistilBertModel",
    prefix: "distilbert.",
    ignored: ["vocab_transform.", "vocab_layer_norm.", "vocab_projector."],
    // What `transformers` takes where no file names a class.
    tokenizerClass: "BertTokenizer",
    keys: ConfigurationKeys(
      layers: .init("n_layers", default: 6),
      hidden: .init("dim", default: 768),
      heads: .init("n_heads", default: 12),
      intermediate: .init("hidden_dim", default: 3072),
      vocabulary: .init("vocab_size", default: 30522),
      positions: .init("max_position_embeddings", default: 512),
      tokenTypes: nil,
      activation: "activation",
      layerNormEpsilon: .init(nil, default: 1e-12),
      bounds: [],
      harmless: [
        "dropout", "attention_dropout", "qa_dropout", "seq_classif_dropout",
        // The tables' values before training.
        "sinusoidal_pos_embds", "tie_weights_",
      ]),
    embeddings: EmbeddingsForm(
      words: "distilbert.embeddings.word_embeddings",
      positions: "distilbert.embeddings.position_embeddings",
      tokenTypes: nil,
      norm: NormForm(.embeddingNorm, "distilbert.embeddings.LayerNorm")),
    layer: [
      SublayerForm(
        .attention(
          AttentionForm(
            query: LinearForm("distilbert.transformer.layer.{layer}.attention.q_lin"),
            key: LinearForm("distilbert.transformer.layer.{layer}.attention.k_lin"),
            value: LinearForm("distilbert.transformer.layer.{layer}.attention.v_lin"),
            output: LinearForm("distilbert.transformer.layer.{layer}.attention.out_lin"))),
        norm: NormForm(.attentionNorm, "distilbert.transformer.layer.{layer}.sa_layer_norm")),
      SublayerForm(
        .feedForward(
          FeedForwardForm(
            intermediate: LinearForm("distilbert.transformer.layer.{layer}.ffn.lin1"),
            output: LinearForm("distilbert.transformer.layer.{layer}.ffn.lin2"))),
        norm: NormForm(.outputNorm, "distilbert.transformer.layer.{layer}.output_layer_norm")),
    ],
    head: HeadForm(
      className: "DistilBertForSequenceClassification",
      dense: LinearForm("pre_classifier"), .activation(.relu),
      classifier: LinearForm("classifier")))
}
