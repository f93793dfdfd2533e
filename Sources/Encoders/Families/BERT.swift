extension Family {
  /// BERT: learned absolute positions, token types, a LayerNorm after each block's sum, tanh pooler on `[CLS]`.
  ///
  /// Source: Devlin et al. 2019 (arXiv 1810.04805); names and defaults as in `transformers`, `BertConfig` and
  /// `BertForSequenceClassification`.
  package static let bert = Family(
    modelType: "bert",
    bareClassName: "BertModel",
    prefix: "bert.",
    ignored: ["cls."],
    tokenizerClass: "BertTokenizer",
    keys: ConfigurationKeys(
      layers: .init("num_hidden_layers", default: 12),
      hidden: .init("hidden_size", default: 768),
      heads: .init("num_attention_heads", default: 12),
      intermediate: .init("intermediate_size", default: 3072),
      vocabulary: .init("vocab_size", default: 30522),
      positions: .init("max_position_embeddings", default: 512),
      tokenTypes: .init("type_vocab_size", default: 2),
      activation: "hidden_act",
      layerNormEpsilon: .init("layer_norm_eps", default: 1e-12),
      bounds: [.init("position_embedding_type", "absolute")],
      harmless: ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"]),
    embeddings: EmbeddingsForm(
      words: "bert.embeddings.word_embeddings",
      positions: "bert.embeddings.position_embeddings",
      tokenTypes: "bert.embeddings.token_type_embeddings",
      norm: NormForm(.embeddingNorm, "bert.embeddings.LayerNorm")),
    layer: layer(below: "bert."),
    head: HeadForm(
      className: "BertForSequenceClassification",
      pooler: LinearForm("bert.pooler.dense"),
      classifier: LinearForm("classifier")))
}

extension Family {
  /// A layer as BERT names it: attention and feed-forward part, each with the LayerNorm of its sum.
  static func layer(below prefix: String) -> [SublayerForm] {
    let layer = prefix + "encoder.layer.{layer}."
    return [
      SublayerForm(
        .attention(
          AttentionForm(
            query: LinearForm(layer + "attention.self.query"),
            key: LinearForm(layer + "attention.self.key"),
            value: LinearForm(layer + "attention.self.value"),
            output: LinearForm(layer + "attention.output.dense"))),
        norm: NormForm(.attentionNorm, layer + "attention.output.LayerNorm")),
      SublayerForm(
        .feedForward(
          FeedForwardForm(
            intermediate: LinearForm(layer + "intermediate.dense"),
            output: LinearForm(layer + "output.dense"))),
        norm: NormForm(.outputNorm, layer + "output.LayerNorm")),
    ]
  }
}
