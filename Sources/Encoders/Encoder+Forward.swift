import Parameters
import LinearAlgebra

extension Encoder {
  /// Runs one block forward and keeps what ``backward(_:outputGradient:observers:)`` needs, if an observer asks for gradients.
  ///
  /// An example's numbers do not depend on the others of its block: all its rows are computed as they would be alone.
  ///
  /// Takes back the arena, so the activations of the block before are gone. Token ids, types and lengths must be inside the
  /// configuration's tables; whoever makes the batch has checked them.
  ///
  /// - Parameter observers: those of the backward pass; those that ask for inputs are shown the inputs of all linear layers, from
  ///   the first layer up.
  package func forward(
    _ batch: TokenBatch, observers: [any EncoderObserver<Scalar>] = []
  ) -> Activations<Scalar> {
    arena.reset()
    let keeps = observers.contains { !$0.interests.isDisjoint(with: .gradients) }
    let observers = observers.filter { $0.interests.contains(.inputs) }
    let rows = batch.segments.rows
    // A layer's input and output change places in the next layer.
    var streams = (
      arena.matrix(rows, configuration.hidden, of: Scalar.self),
      arena.matrix(rows, configuration.hidden, of: Scalar.self)
    )
    let normed = arena.matrix(rows, configuration.hidden, of: Scalar.self)
    let embeddings = embed(batch, into: streams.0)
    let (all, first) = (batch.segments, Segments.single(batch.segments.count))
    var layers: [Activations<Scalar>.Layer] = []

    // Gives the layer's output, [rows of the queries, D].
    func run(_ index: Int, queries: Segments, keeps: Bool, shows: Bool) -> Matrix<Scalar> {
      let passing = Activations<Scalar>.Passing(
        input: streams.0, attentionNormed: normed.rows(0..<queries.rows), output: streams.1.rows(0..<queries.rows))
      let start = arena.mark
      let kept = forward(weights.layers[index], passing, keys: all, queries: queries, keeps: keeps)
      if shows { show(kept, passing, index, to: observers) }
      if keeps { layers.append(kept) } else { arena.release(to: start) }
      return passing.output
    }

    let last = weights.layers.count - 1
    for index in 0..<last {
      _ = run(index, queries: all, keeps: keeps, shows: true)
      streams = (streams.1, streams.0)
    }
    // The head reads the first tokens only, but a Gram matrix is of all tokens. What is shown does not depend on who else observes.
    func showLast() -> Matrix<Scalar> {
      let x = firstRows(of: run(last, queries: all, keeps: false, shows: true), all)
      let pooled = pool(x)
      for observer in observers {
        observer.observeInput(.pooler, layer: nil, x, first)
        observer.observeInput(.classifier, layer: nil, pooled, first)
      }
      return pooled
    }
    let shown = observers.isEmpty ? nil : showLast()
    let pooled =
      if let shown, !keeps { shown } else { pool(run(last, queries: first, keeps: keeps, shows: false)) }
    return Activations(
      batch: batch, embeddings: embeddings, layers: layers, pooled: pooled,
      logits: apply(weights.classifier, to: pooled))
  }

  /// tanh(x Wᵀ + b) of the pooler, [examples, D].
  private func pool(_ x: Matrix<Scalar>) -> Matrix<Scalar> {
    let pooled = product(x, weights.pooler)
    tanh(pooled, bias: weights.pooler.bias)
    return pooled
  }

  /// Shows a layer's inputs of linear layers, one for query, key and value.
  func show(
    _ kept: Activations<Scalar>.Layer, _ passing: Activations<Scalar>.Passing, _ layer: Int,
    to observers: [any EncoderObserver<Scalar>]
  ) {
    for observer in observers {
      observer.observeInput(.attention, layer: layer, passing.input, kept.queries)
      observer.observeInput(.attentionOutput, layer: layer, kept.context, kept.queries)
      observer.observeInput(.intermediate, layer: layer, passing.attentionNormed, kept.queries)
      observer.observeInput(.output, layer: layer, kept.activation, kept.queries)
    }
  }

  /// The embedding layer: word + position + token type, then LayerNorm, into [T, D].
  func embed(_ batch: TokenBatch, into sum: Matrix<Scalar>) -> Activations<Scalar>.Normalization {
    for example in 0..<batch.segments.count {
      for (position, row) in batch.segments[example].enumerated() {
        let target = sum.row(row)
        copy(weights.wordEmbeddings.row(Int(batch.tokens[row])), to: target)
        add(weights.positionEmbeddings.row(position), to: target)
        add(weights.tokenTypeEmbeddings.row(Int(batch.types[row])), to: target)
      }
    }
    let kept = normalization(sum.rows)
    layerNorm(
      sum, weight: weights.embeddingNorm.weight, offset: weights.embeddingNorm.bias,
      epsilon: Scalar(configuration.layerNormEpsilon), into: sum, normalized: kept.normalized,
      inverseDeviation: kept.inverseDeviation)
    return kept
  }

  private func normalization(_ rows: Int) -> Activations<Scalar>.Normalization {
    .init(normalized: arena.matrix(rows, configuration.hidden), inverseDeviation: arena.vector(rows))
  }

  /// One layer: attention of the `queries` over the `keys` of the same example, then the feed-forward part on the queries' rows.
  ///
  /// - Parameter passing: the layer's input, and where its output and that of the attention go.
  func forward(
    _ layer: EncoderWeights<Scalar>.Layer, _ passing: Activations<Scalar>.Passing, keys: Segments, queries: Segments,
    keeps: Bool
  ) -> Activations<Scalar>.Layer {
    let rows = queries.rows
    let epsilon = Scalar(configuration.layerNormEpsilon)
    let x = passing.input
    let queryInput = rows == x.rows ? x : firstRows(of: x, keys)
    let query = apply(layer.query, to: queryInput)
    let key = apply(layer.key, to: x)
    let value = apply(layer.value, to: x)
    let context = arena.matrix(rows, configuration.hidden, of: Scalar.self)
    let probabilities = attend(query, key, value, keys: keys, queries: queries, into: context)

    let attentionNormed = passing.attentionNormed
    multiplyRows(context, layer.attentionOutput.weight, into: attentionNormed, transposeB: true, scratch: arena)
    let attentionNorm = normalization(rows)
    layerNorm(
      attentionNormed, bias: layer.attentionOutput.bias, residual: queryInput, weight: layer.attentionNorm.weight,
      offset: layer.attentionNorm.bias, epsilon: epsilon, into: attentionNormed, normalized: attentionNorm.normalized,
      inverseDeviation: attentionNorm.inverseDeviation)

    let activation = product(attentionNormed, layer.intermediate)
    let slope = keeps ? arena.matrix(rows, configuration.intermediate, of: Scalar.self) : nil
    gelu(activation, bias: layer.intermediate.bias, activation: activation, slope: slope)

    let output = passing.output
    multiplyRows(activation, layer.output.weight, into: output, transposeB: true, scratch: arena)
    let outputNorm = normalization(rows)
    layerNorm(
      output, bias: layer.output.bias, residual: attentionNormed, weight: layer.outputNorm.weight,
      offset: layer.outputNorm.bias, epsilon: epsilon, into: output, normalized: outputNorm.normalized,
      inverseDeviation: outputNorm.inverseDeviation)

    return Activations.Layer(
      queries: queries, query: query, key: key, value: value, probabilities: probabilities, context: context,
      attentionNorm: attentionNorm, activation: activation, slope: slope, outputNorm: outputNorm)
  }

  /// softmax(Q Kᵀ / √d) V for every example and head, over the attended keys. Gives the probabilities by example, heads below each other.
  private func attend(
    _ query: Matrix<Scalar>, _ key: Matrix<Scalar>, _ value: Matrix<Scalar>, keys: Segments, queries: Segments,
    into context: Matrix<Scalar>
  ) -> [Matrix<Scalar>] {
    let (heads, size) = (configuration.heads, configuration.headSize)
    let scale = 1 / Scalar(size).squareRoot()
    return (0..<keys.count).map { example in
      let (asking, asked) = (queries[example], keys.attended(example))
      let p = arena.matrix(heads * asking.count, asked.count, of: Scalar.self)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        multiply(
          query.rows(asking).columns(columns), key.rows(asked).columns(columns),
          into: p.rows(head * asking.count..<(head + 1) * asking.count), transposeB: true)
      }
      softmax(p, scale: scale)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        multiply(
          p.rows(head * asking.count..<(head + 1) * asking.count), value.rows(asked).columns(columns),
          into: context.rows(asking).columns(columns))
      }
      return p
    }
  }

  /// Each example's first row, [examples, D], in new memory.
  func firstRows(of x: Matrix<Scalar>, _ segments: Segments) -> Matrix<Scalar> {
    let rows = arena.matrix(segments.count, x.columns, of: Scalar.self)
    for example in 0..<segments.count { copy(x.row(segments[example].lowerBound), to: rows.row(example)) }
    return rows
  }
}
