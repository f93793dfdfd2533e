import LinearAlgebra
import Parameters

/// The rows of one batch on their way through an encoder, from the input of one step's linear layers to that of the
/// next: for layers that are merged in forward order, which are known only when all rows have arrived before them.
///
/// A copy shares the memory of what it has come to, which is never changed. Takes its steps from weights that may change on the way; those of later steps are not looked at. Keeps what a step
/// needs: its input, and the residual stream where the step writes to that. Not thread-safe. **Not collective.**
package final class SteppedRows<Scalar: KernelScalar> {
  package let batch: TokenBatch
  /// The rows of ``input``: all tokens, or each example's first.
  package private(set) var segments: Segments
  /// What goes into the block at hand and past it, [rows, D].
  private var stream: Buffer<Scalar>
  /// Of the step; nil where it is the stream.
  private var ownInput: Buffer<Scalar>?
  /// Of the first layer, for a convolution behind it.
  private var layerInput: Buffer<Scalar>?
  /// Which of the layer's sublayers the step is in.
  private var sublayer = 0
  private let arena: Arena

  /// Goes to the first step.
  ///
  /// - Parameter arena: the scratch memory, which may serve many batches in turn.
  package init(_ batch: TokenBatch, through weights: EncoderWeights<Scalar>, arena: Arena) {
    self.batch = batch
    self.arena = arena
    segments = batch.segments
    stream = Buffer(count: 0)
    arena.reset()
    let c = weights.configuration
    let width = weights.embeddings.projection == nil ? c.hidden : c.embedding
    let x = arena.matrix(batch.segments.rows, width, of: Scalar.self)
    weights.embeddings.tables(batch, into: x, in: arena)
    if weights.embeddings.projection == nil {
      startLayers(x, weights)
    } else {
      ownInput = Self.copied(x)
    }
  }

  /// The input of the step's layers, [rows, inputs]. Valid until the next step.
  package func input(_ inputs: Int) -> Matrix<Scalar> {
    (ownInput ?? stream).vector.matrix(rows: segments.rows, columns: inputs)
  }

  /// What the step's output is added to, [rows, D]; nil where it is not added to anything.
  package func residual(at place: ForwardStep) -> Matrix<Scalar>? {
    switch place.place {
    case .attentionOutput, .output:
      stream.vector.matrix(rows: segments.rows, columns: stream.count / max(1, segments.rows))
    default: nil
    }
  }

  /// The same rows once more, to go another way.
  package func copy() -> SteppedRows { SteppedRows(self) }

  private init(_ other: SteppedRows) {
    (batch, segments, stream, ownInput, layerInput) =
      (other.batch, other.segments, other.stream, other.ownInput, other.layerInput)
    (sublayer, arena) = (other.sublayer, other.arena)
  }

  /// Takes back what ``outputs(_:at:)`` gave, where nobody goes to the next step.
  package func finish() { arena.reset() }

  /// What the layers of the step put out, [rows, outputs] each, in the arena.
  package func outputs(_ weights: EncoderWeights<Scalar>, at place: ForwardStep) -> [Matrix<Scalar>] {
    weights.linears(at: place).map { $0.apply(to: input($0.weight.columns), in: arena) }
  }

  /// Goes to the next step.
  ///
  /// - Parameter outputs: what ``outputs(_:at:)`` gave; overwritten.
  package func advance(_ outputs: [Matrix<Scalar>], _ weights: EncoderWeights<Scalar>, at place: ForwardStep) {
    let c = weights.configuration
    switch place.place {
    case .embeddingProjection:
      weights.embeddings.finish(outputs[0], in: arena)
      startLayers(outputs[0], weights)
    case .attention:
      guard let layer = place.layer, case .attention(let attention) = weights.layers[layer][sublayer].block else {
        preconditionFailure("the step is an attention's")
      }
      let all = batch.segments
      let queries = layer == weights.layers.count - 1 ? weights.top.queries(all) : all
      let query = queries.rows == all.rows ? outputs[0] : all.firstRows(of: outputs[0], in: arena)
      let kept = attention.attend(
        query: query, key: outputs[1], value: outputs[2], keys: all, queries: queries,
        relative: weights.relative?.pass(all, in: arena), in: arena)
      if queries.rows != segments.rows {
        let x = stream.vector.matrix(rows: segments.rows, columns: c.hidden)
        stream = Self.copied(segments.firstRows(of: x, in: arena))
        segments = queries
      }
      ownInput = Self.copied(kept.context)
    case .intermediate:
      guard let layer = place.layer, case .feedForward(let feedForward) = weights.layers[layer][sublayer].block else {
        preconditionFailure("the step is a feed-forward part's")
      }
      feedForward.activateOutputs(outputs, in: arena)
      ownInput = Self.copied(outputs[0])
    case .attentionOutput, .output:
      guard let layer = place.layer else { preconditionFailure("the step is in a layer") }
      weights.layers[layer][sublayer].finish(
        outputs[0], residual: stream.vector.matrix(rows: segments.rows, columns: c.hidden), in: arena)
      stream = Self.copied(outputs[0])
      sublayer += 1
      enter(layer, weights)
    case .pooler, .headDense, .classifier, .relativePositions: ownInput = nil
    }
    arena.reset()
  }

  /// The vectors that the head reads, [examples, D], when all layers have been passed and the head's first step is not
  /// part of the merged model.
  package func pooled(_ weights: EncoderWeights<Scalar>) -> Matrix<Scalar> {
    (ownInput ?? stream).vector.matrix(rows: batch.segments.count, columns: weights.configuration.hidden)
  }

  private func startLayers(_ x: Matrix<Scalar>, _ weights: EncoderWeights<Scalar>) {
    stream = Self.copied(x)
    if weights.readsInputAside(0) { layerInput = Self.copied(x) }
    sublayer = 0
    enter(0, weights)
  }

  /// Prepares the input of the next sublayer's first step, or what is above the layers.
  private func enter(_ layer: Int, _ weights: EncoderWeights<Scalar>) {
    ownInput = nil
    let width = weights.configuration.hidden
    let x = stream.vector.matrix(rows: segments.rows, columns: width)
    guard sublayer < weights.layers[layer].count else {
      layerInput = nil
      sublayer = 0
      if layer + 1 < weights.layers.count { return enter(layer + 1, weights) }
      let pooled = weights.top.pool(x, batch.segments, in: arena)
      segments = .single(batch.segments.count)
      ownInput = Self.copied(pooled)
      return
    }
    let own = weights.layers[layer][sublayer]
    if case .convolution(let convolution) = own.block {
      guard let layerInput else { preconditionFailure("a layer with a convolution keeps its input") }
      let y = arena.matrix(segments.rows, width, of: Scalar.self)
      _ = convolution.forward(
        layerInput.vector.matrix(rows: batch.segments.rows, columns: width), into: y, keeps: false,
        keys: batch.segments, queries: segments, in: arena)
      own.finish(y, residual: x, in: arena)
      stream = Self.copied(y)
      sublayer += 1
      return enter(layer, weights)
    }
    if let normalized = own.normalizedInput(x, in: arena) { ownInput = Self.copied(normalized) }
  }

  private static func copied(_ x: Matrix<Scalar>) -> Buffer<Scalar> {
    let copy = Buffer<Scalar>(count: x.count)
    LinearAlgebra.copy(x.elements, to: copy.vector)
    return copy
  }
}
