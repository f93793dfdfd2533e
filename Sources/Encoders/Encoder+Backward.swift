import LinearAlgebra

extension Encoder {
  /// Goes backward from the head's outputs and shows the observers what they asked for, from the classifier down.
  ///
  /// Linear in the gradient, so several columns go at once as a taller batch. No parameter gradient is formed here, and
  /// nothing is differentiated below the lowest place that an observer wants to see.
  ///
  /// - Parameters:
  ///   - activations: of the last forward pass.
  ///   - outputGradient: ∂ℓ/∂logits, [S · examples, C]; column s holds rows s · examples ..< (s + 1) · examples.
  package func backward(
    _ activations: Activations<Scalar>, outputGradient: Matrix<Scalar>, observers: [any EncoderObserver<Scalar>]
  ) {
    let segments = activations.batch.segments
    precondition(segments.isWhollyAttended, "rows that are not attended have no gradient here")
    precondition(!activations.blocks.isEmpty, "the forward pass knew of an observer that wants gradients")
    guard segments.count > 0, outputGradient.rows > 0 else { return }
    let show = Audience.backward(observers)

    var block = activations.blocks.count
    var gradient = weights.head.backward(
      activations.head, gradient: outputGradient, .single(segments.count), in: arena, show: show
    ) { activations.input(ofBlock: block).output(in: arena) }
    for layer in weights.layers.indices.reversed() {
      for index in weights.layers[layer].indices.reversed() {
        block -= 1
        let below = weights.layers[layer][index].backward(
          activations.blocks[block], gradient: gradient, keys: segments, input: activations.input(ofBlock: block),
          stopsAtMask: block == 0 && !show.wantsParameters, in: arena, show: show)
        guard let below else { return }
        gradient = below
      }
    }
    guard show.wantsParameters else { return }
    weights.embeddings.backward(
      activations.embeddings, gradient: gradient, of: activations.batch, in: arena, show: show)
  }
}
