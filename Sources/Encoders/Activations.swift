import LinearAlgebra

/// What the forward pass of one batch keeps for the backward pass. All views lie in the encoder's arena and are valid
/// until its next forward pass.
package struct Activations<Scalar: KernelScalar> {
  package let batch: TokenBatch
  let embeddings: Embeddings<Scalar>.Kept
  /// Of the blocks of all layers, from the first layer up; empty where nobody will go backward.
  let blocks: [Sublayer<Scalar>.Kept]
  let head: Head<Scalar>.Kept

  /// The head's outputs before any softmax, [examples, C].
  package var logits: Matrix<Scalar> { head.logits }

  /// What a block's input is the output of.
  func input(ofBlock index: Int) -> BlockInput<Scalar> {
    index == 0 ? .embeddings(embeddings) : .norm(blocks[index - 1].norm)
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
