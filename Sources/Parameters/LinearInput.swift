/// A place where linear layers take their input: layers that share it share a Gram matrix.
package enum LinearInput: String, Sendable, Hashable, Codable, CaseIterable {
  /// The output of the embeddings' LayerNorm, where it has another width than the layers.
  case embeddingProjection = "embedding_projection"
  /// A layer's input, which query, key and value share.
  case attention
  /// The rows of a table of relative positions: the same for all examples, and known without any.
  case relativePositions = "relative_positions"
  /// The heads' weighted values side by side.
  case attentionOutput = "attention_output"
  /// The output of the LayerNorm after the attention.
  case intermediate
  /// The activations between the feed-forward matrices.
  case output
  /// The last layer's output at each example's first token.
  case pooler
  /// The same, where the layer that reads it is a task's own.
  case headDense = "head_dense"
  /// The output of the layer below the classifier.
  case classifier

  /// Whether it depends on the examples, so that its Gram matrix has to be estimated.
  package var isOfExamples: Bool { self != .relativePositions }
}
