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

    let relativeGradient =
      show.wantsParameters
      ? activations.relative?.gradient(columns: outputGradient.rows / segments.count, segments, in: arena) : nil
    let pass = Sublayer<Scalar>.Pass(keys: segments, relative: activations.relative, arena: arena, show: show)

    var block = activations.blocks.count
    var gradient = weights.top.backward(
      activations.top, gradient: outputGradient, segments, in: arena, show: show,
      input: activations.input(ofBlock: block)
    )
    for layer in weights.layers.indices.reversed() {
      let first = block - weights.layers[layer].count
      let atInput =
        weights.readsInputAside(layer) && show.wantsEmbeddings
        ? arena.matrix(gradient.rows / activations.blocks[block - 1].queries.rows * segments.rows, gradient.columns)
        : Matrix<Scalar>?.none
      for index in weights.layers[layer].indices.reversed() {
        block -= 1
        let below = weights.layers[layer][index].backward(
          activations.blocks[block], gradient: gradient, relativeGradient: relativeGradient, atLayerInput: atInput,
          input: activations.input(ofBlock: block), layerInput: activations.input(ofBlock: first),
          stopsAtMask: block == 0 && !show.wantsEmbeddings, pass)
        guard let below else { return }
        gradient = below
      }
      if let atInput { add(atInput, to: gradient) }
    }
    guard show.wantsEmbeddings else { return }
    if let relative = weights.relative, let pass = activations.relative, let relativeGradient {
      relative.backward(pass, relativeGradient, keys: segments, in: arena, show: show)
    }
    weights.embeddings.backward(
      activations.embeddings, gradient: gradient, of: activations.batch, in: arena, show: show)
  }
}
