import Parameters
import LinearAlgebra

extension Encoder {
  /// The embedding layer's output alone, [T, D]. Takes back the arena.
  package func embeddings(of batch: TokenBatch) -> Matrix<Scalar> {
    arena.reset()
    let sum = arena.matrix(batch.segments.rows, configuration.hidden, of: Scalar.self)
    _ = embed(batch, into: sum)
    return sum
  }

  /// One layer's output for a given input, all tokens of all examples: [T, D] to [T, D]. Takes back the arena, so `input` must not be of it.
  ///
  /// - Parameter observers: those that ask for inputs are shown the inputs of the layer's linear layers.
  package func forward(
    layer index: Int, input: Matrix<Scalar>, segments: Segments, observers: [any EncoderObserver<Scalar>] = []
  ) -> Matrix<Scalar> {
    arena.reset()
    let passing = Activations<Scalar>.Passing(
      input: input, attentionNormed: arena.matrix(input.rows, input.columns),
      output: arena.matrix(input.rows, input.columns))
    let kept = forward(weights.layers[index], passing, keys: segments, queries: segments, keeps: false)
    show(kept, passing, index, to: observers.filter { $0.interests.contains(.inputs) })
    return passing.output
  }
}
