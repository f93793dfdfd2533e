import LinearAlgebra

extension Encoder {
  /// Runs one batch forward and keeps what ``backward(_:outputGradient:observers:)`` needs, if an observer asks for
  /// gradients.
  ///
  /// An example's numbers do not depend on the others of its batch: all its rows are computed as they would be alone.
  ///
  /// Takes back the arena, so the activations of the batch before are gone. Token ids, types and lengths must be inside
  /// the configuration's tables; whoever makes the batch has checked them.
  ///
  /// - Parameter observers: those of the backward pass; those that ask for inputs are shown the inputs of all linear
  ///   layers, from the first layer up.
  package func forward(
    _ batch: TokenBatch, observers: [any EncoderObserver<Scalar>] = []
  ) -> Activations<Scalar> {
    arena.reset()
    let keeps = observers.contains { !$0.interests.isDisjoint(with: .gradients) }
    let show = Audience.forward(observers)
    let all = batch.segments
    var streams = streams(all.rows)
    let embeddings = weights.embeddings.forward(batch, into: streams.input, in: arena, show: show)
    let relative = weights.relative?.pass(all, in: arena)
    var kept: [Sublayer<Scalar>.Kept]? = keeps ? [] : nil
    kept?.reserveCapacity(weights.blockCount)
    func pass(_ show: Audience<Scalar>) -> Sublayer<Scalar>.Pass {
      .init(keys: all, relative: relative, arena: arena, show: show)
    }

    let last = weights.layers.count - 1
    for index in 0..<last {
      _ = run(weights.layers[index], streams, queries: all, pass(show), kept: &kept)
      streams.advance()
    }
    // A head that reads the first tokens only leaves the others of the last layer out, but a Gram matrix is of all
    // tokens. What is shown does not depend on who else observes.
    let queries = weights.top.queries(all)
    var top: Top<Scalar>.Kept?
    if show.wantsInputs {
      var nothing: [Sublayer<Scalar>.Kept]?
      let output = run(weights.layers[last], streams, queries: all, pass(show), kept: &nothing)
      let read = queries.rows == all.rows ? output : all.firstRows(of: output, in: arena)
      top = weights.top.forward(read, all, in: arena, show: show)
    }
    if keeps || top == nil {
      let output = run(weights.layers[last], streams, queries: queries, pass(.nobody), kept: &kept)
      top = weights.top.forward(output, all, in: arena, show: .nobody)
    }
    guard let top else { preconditionFailure("the head ran once at least") }
    return Activations(batch: batch, embeddings: embeddings, relative: relative, blocks: kept ?? [], top: top)
  }

  /// The embedding layer's output alone, [T, D]. Takes back the arena.
  ///
  /// - Parameter observers: those that ask for inputs are shown that of the projection, where there is one.
  package func embeddings(
    of batch: TokenBatch, observers: [any EncoderObserver<Scalar>] = []
  ) -> Matrix<Scalar> {
    arena.reset()
    let sum = arena.matrix(batch.segments.rows, configuration.hidden, of: Scalar.self)
    _ = weights.embeddings.forward(batch, into: sum, in: arena, show: .forward(observers))
    return sum
  }

  /// The output of some consecutive layers for a given input, all tokens of all examples: [T, D] to [T, D]. Takes back
  /// the arena, so `input` must not be of it.
  ///
  /// - Parameter observers: those that ask for inputs are shown the inputs of the layers' linear layers.
  package func forward(
    layers range: Range<Int>, input: Matrix<Scalar>, segments: Segments,
    observers: [any EncoderObserver<Scalar>] = []
  ) -> Matrix<Scalar> {
    arena.reset()
    func stream() -> Matrix<Scalar> { arena.matrix(input.rows, input.columns) }
    // The input is somebody else's, and may not be written to.
    var streams = Streams(input: input, output: stream(), between: stream())
    let spare = range.count > 1 ? stream() : input
    var nothing: [Sublayer<Scalar>.Kept]?
    let pass = Sublayer<Scalar>.Pass(
      keys: segments, relative: weights.relative?.pass(segments, in: arena), arena: arena, show: .forward(observers))
    var output = input
    for index in range {
      output = run(weights.layers[index], streams, queries: segments, pass, kept: &nothing)
      streams = Streams(
        input: output, output: index == range.lowerBound ? spare : streams.input, between: streams.between)
    }
    return output
  }

  /// Runs the blocks of one layer, one after the other. The layer's input stays as it is.
  ///
  /// - Parameters:
  ///   - queries: the rows of the output: all tokens, or each example's first.
  ///   - kept: what the blocks keep is added to it; nil where nobody will go backward.
  /// - Returns: the layer's output, [rows of the queries, D].
  private func run(
    _ layer: [Sublayer<Scalar>], _ streams: Streams<Scalar>, queries: Segments, _ pass: Sublayer<Scalar>.Pass,
    kept: inout [Sublayer<Scalar>.Kept]?
  ) -> Matrix<Scalar> {
    let start = arena.mark
    var x = streams.input
    for index in layer.indices {
      // The last one's goes to the layer's output, those before it by turns.
      let target = (layer.count - index).isMultiple(of: 2) ? streams.between : streams.output
      let y = target.rows(0..<queries.rows)
      let own = layer[index].forward(
        x, layerInput: streams.input, into: y, queries: queries, keeps: kept != nil, pass)
      kept?.append(own)
      x = y
    }
    if kept == nil { arena.release(to: start) }
    return x
  }

  private func streams(_ rows: Int) -> Streams<Scalar> {
    func stream() -> Matrix<Scalar> { arena.matrix(rows, configuration.hidden) }
    return Streams(input: stream(), output: stream(), between: stream())
  }
}

/// The token vectors on their way through a layer, [T, D] each. In the next layer input and output have changed places.
private struct Streams<Scalar> {
  private(set) var input: Matrix<Scalar>
  private(set) var output: Matrix<Scalar>
  /// The output of a block that another one of the layer reads.
  let between: Matrix<Scalar>

  mutating func advance() { (input, output) = (output, input) }
}
