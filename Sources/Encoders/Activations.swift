import LinearAlgebra

/// What the forward pass of one block keeps for the backward pass. All views lie in the encoder's arena and are valid until
/// its next forward pass.
package struct Activations<Scalar: KernelScalar> {
  package let batch: TokenBatch
  let embeddings: Embeddings
  let layers: [Layer]
  /// Tanh of the pooler, [examples, D]: the classifier's input.
  let pooled: Matrix<Scalar>
  /// The head's outputs before any softmax, [examples, C].
  package let logits: Matrix<Scalar>

  struct Embeddings {
    /// (sum of the three embeddings − mean) / deviation, [T, D]
    let normalized: Matrix<Scalar>
    /// [T]
    let inverseDeviation: Vector<Scalar>
  }

  /// One layer. R is the number of rows after the attention: T, or in the last layer one per example, since only the first
  /// token's vector reaches the head.
  struct Layer {
    /// The rows that ask: all tokens, or each example's first.
    let queries: Segments
    /// The layer's input, [T, D].
    let input: Matrix<Scalar>
    /// The input's rows that ask, [R, D]; the same memory as `input` where all do.
    let queryInput: Matrix<Scalar>
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
    /// [R, D] and [R], of the LayerNorm after the attention, and its output [R, D].
    let attentionNormalized: Matrix<Scalar>
    let attentionInverseDeviation: Vector<Scalar>
    let attentionNormed: Matrix<Scalar>
    /// gelu(u), [R, I]: what the neuron mask multiplies; and gelu'(u).
    let activation: Matrix<Scalar>
    let slope: Matrix<Scalar>
    /// [R, D] and [R], of the LayerNorm that ends the layer, and its output [R, D].
    let outputNormalized: Matrix<Scalar>
    let outputInverseDeviation: Vector<Scalar>
    let output: Matrix<Scalar>
  }
}
