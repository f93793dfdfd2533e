/// What a parameter is, for a merging rule: the place in the encoder, not the name of a tensor.
///
/// The caller maps its tensors to sites by its architecture table. Linear layers are stored as PyTorch stores them,
/// [outputs, inputs]. A layer number counts the statistics' layers, so shared weights have one number.
package enum MergeSite: Hashable, Sendable {
  /// A parameter of one encoder layer, counted from zero.
  case layer(Int, Component, Parameter)
  /// Anything below the first layer: word, position and token type embeddings, their LayerNorm and projection.
  case embeddings
  /// Anything above the last layer that belongs to the merged model.
  case pooler

  /// A linear map or a LayerNorm of an encoder layer. D hidden size, H heads, I intermediate size.
  package enum Component: Hashable, Sendable, CaseIterable {
    /// [D, D], the rows in H blocks, one per head; bias [D] likewise.
    case query
    /// [D, D], the rows in H blocks, one per head; bias [D] likewise.
    case key
    /// [D, D], the rows in H blocks, one per head; bias [D] likewise.
    case value
    /// [D, D], the columns in H blocks, one per head; bias [D], common to the heads.
    case attentionOutput
    /// The LayerNorm after the attention: gain and shift, both [D].
    case attentionNorm
    /// The first feed-forward map [I, D], one row per neuron; bias [I].
    case intermediate
    /// The second feed-forward map [D, I], one column per neuron; bias [D], common to the neurons.
    case output
    /// The LayerNorm after the feed-forward maps: gain and shift, both [D].
    case outputNorm
  }

  /// A LayerNorm's gain counts as weight, its shift as bias.
  package enum Parameter: Hashable, Sendable, CaseIterable { case weight, bias }
}
