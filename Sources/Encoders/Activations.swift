import LinearAlgebra

/// What the forward pass of one block keeps for the backward pass. All views lie in the encoder's arena and are valid until
/// its next forward pass.
package struct Activations<Scalar: KernelScalar> {
  package let batch: TokenBatch
  let embeddings: Normalization
  /// Empty where nobody will go backward.
  let layers: [Layer]
  /// Tanh of the pooler, [examples, D]: the classifier's input.
  let pooled: Matrix<Scalar>
  /// The head's outputs before any softmax, [examples, C].
  package let logits: Matrix<Scalar>

  /// What a LayerNorm leaves: (z − mean) / deviation and 1 / deviation, [rows, D] and [rows]. Its output is not kept, since it is
  /// these times a weight and plus an offset.
  struct Normalization {
    let normalized: Matrix<Scalar>
    let inverseDeviation: Vector<Scalar>
  }

  /// One layer. R is the number of rows after the attention: T, or in the last layer one per example, since only the first
  /// token's vector reaches the head.
  struct Layer {
    /// The rows that ask: all tokens, or each example's first.
    let queries: Segments
    /// [R, D]
    let query: Matrix<Scalar>
    /// [T, D]
    let key: Matrix<Scalar>
    /// [T, D]
    let value: Matrix<Scalar>
    /// The attention probabilities of each example, heads below each other: [H · its queries, its tokens].
    let probabilities: [Matrix<Scalar>]
    /// The heads' weighted values side by side, [R, D]: what the head mask multiplies.
    let context: Matrix<Scalar>
    /// Of the LayerNorm after the attention, R rows.
    let attentionNorm: Normalization
    /// gelu(u), [R, I]: what the neuron mask multiplies.
    let activation: Matrix<Scalar>
    /// gelu'(u), [R, I]; nil where nobody will go backward.
    let slope: Matrix<Scalar>?
    /// Of the LayerNorm that ends the layer, R rows.
    let outputNorm: Normalization
  }

  /// The inputs and outputs of a layer's parts that the forward pass needs for a moment.
  struct Passing {
    /// The layer's input, [T, D].
    let input: Matrix<Scalar>
    /// The output of the LayerNorm after the attention, [R, D].
    let attentionNormed: Matrix<Scalar>
    /// The layer's output, [R, D].
    let output: Matrix<Scalar>
  }
}
