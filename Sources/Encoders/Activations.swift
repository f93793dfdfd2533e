import LinearAlgebra

/// What the forward pass of one batch keeps for the backward pass. All views lie in the encoder's arena and are valid
/// until its next forward pass.
package struct Activations<Scalar: KernelScalar> {
  package let batch: TokenBatch
  let embeddings: Embeddings<Scalar>.Kept
  let relative: RelativePass<Scalar>?
  /// Of the blocks of all layers, from the first layer up; empty where nobody will go backward.
  let blocks: [Sublayer<Scalar>.Kept]
  let top: Top<Scalar>.Kept

  /// The head's outputs before any softmax, [examples, C].
  package var logits: Matrix<Scalar> { top.head.logits }

  /// What the classifier reads, [examples, D].
  package var features: Matrix<Scalar> { top.head.features }

  /// What a block's input is the output of, where it is the output of a LayerNorm after a sum, or of the embeddings.
  func input(ofBlock index: Int) -> BlockInput<Scalar> {
    guard index > 0, let norm = blocks[index - 1].norm else { return .embeddings(embeddings) }
    return .norm(norm)
  }
}

/// What a block's input is the output of: enough to have it once more.
package enum BlockInput<Scalar: KernelScalar> {
  case embeddings(Embeddings<Scalar>.Kept)
  case norm(Norm<Scalar>.Kept)

  /// The input, [T, D], with the same bits, in new memory.
  func output(in arena: Arena) -> Matrix<Scalar> {
    switch self {
    case .embeddings(let kept): kept.output(in: arena)
    case .norm(let kept): kept.output(in: arena)
    }
  }
}
