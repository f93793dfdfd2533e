import LinearAlgebra

extension Encoder {
  /// Runs one block forward and keeps what ``backward(_:outputGradient:observers:)`` needs.
  ///
  /// An example's numbers do not depend on the others of its block: all its rows are computed as they would be alone.
  ///
  /// Takes back the arena, so the activations of the block before are gone. Token ids, types and lengths must be inside the
  /// configuration's tables; whoever makes the batch has checked them.
  ///
  /// - Parameter observers: those that ask for inputs are shown the inputs of all linear layers, from the first layer up.
  package func forward(
    _ batch: TokenBatch, observers: [any EncoderObserver<Scalar>] = []
  ) -> Activations<Scalar> {
    arena.reset()
    let observers = observers.filter { $0.interests.contains(.inputs) }
    let (embeddings, first) = embed(batch)
    var layers: [Activations<Scalar>.Layer] = []
    var x = first
    for (index, layer) in weights.layers.enumerated() {
      let isLast = index == weights.layers.count - 1
      if isLast, !observers.isEmpty {
        // The head needs the first tokens only, but a Gram matrix is of all tokens.
        let start = arena.mark
        show(forward(layer, input: x, keys: batch.segments, queries: batch.segments), index, to: observers)
        arena.release(to: start)
      }
      let kept = forward(
        layer, input: x, keys: batch.segments, queries: isLast ? .single(batch.segments.count) : batch.segments)
      if !isLast { show(kept, index, to: observers) }
      layers.append(kept)
      x = kept.output
    }
    let pooled = product(x, weights.pooler)
    tanh(pooled, bias: weights.pooler.bias)
    let single = Segments.single(batch.segments.count)
    for observer in observers {
      observer.observeInput(.pooler, layer: nil, x, single)
      observer.observeInput(.classifier, layer: nil, pooled, single)
    }
    return Activations(
      batch: batch, embeddings: embeddings, layers: layers, pooled: pooled,
      logits: apply(weights.classifier, to: pooled))
  }

  /// Shows a layer's inputs of linear layers, one for query, key and value.
  func show(_ kept: Activations<Scalar>.Layer, _ layer: Int, to observers: [any EncoderObserver<Scalar>]) {
    for observer in observers {
      observer.observeInput(.attention, layer: layer, kept.input, kept.queries)
      observer.observeInput(.attentionOutput, layer: layer, kept.context, kept.queries)
      observer.observeInput(.intermediate, layer: layer, kept.attentionNormed, kept.queries)
      observer.observeInput(.output, layer: layer, kept.activation, kept.queries)
    }
  }

  /// The embedding layer: word + position + token type, then LayerNorm. Gives [T, D].
  func embed(_ batch: TokenBatch) -> (Activations<Scalar>.Embeddings, Matrix<Scalar>) {
    let rows = batch.segments.rows
    let sum = arena.matrix(rows, configuration.hidden, of: Scalar.self)
    for example in 0..<batch.segments.count {
      for (position, row) in batch.segments[example].enumerated() {
        let target = sum.row(row)
        copy(weights.wordEmbeddings.row(Int(batch.tokens[row])), to: target)
        add(weights.positionEmbeddings.row(position), to: target)
        add(weights.tokenTypeEmbeddings.row(Int(batch.types[row])), to: target)
      }
    }
    let kept = Activations<Scalar>.Embeddings(
      normalized: arena.matrix(rows, configuration.hidden), inverseDeviation: arena.vector(rows))
    layerNorm(
      sum, weight: weights.embeddingNorm.weight, offset: weights.embeddingNorm.bias,
      epsilon: Scalar(configuration.layerNormEpsilon), into: sum, normalized: kept.normalized,
      inverseDeviation: kept.inverseDeviation)
    return (kept, sum)
  }

  /// One layer: attention of the `queries` over the `keys` of the same example, then the feed-forward part on the queries' rows.
  func forward(
    _ layer: EncoderWeights<Scalar>.Layer, input x: Matrix<Scalar>, keys: Segments, queries: Segments
  ) -> Activations<Scalar>.Layer {
    let hidden = configuration.hidden
    let rows = queries.rows
    let epsilon = Scalar(configuration.layerNormEpsilon)
    let queryInput = rows == x.rows ? x : firstRows(of: x, keys)
    let query = apply(layer.query, to: queryInput)
    let key = apply(layer.key, to: x)
    let value = apply(layer.value, to: x)
    let context = arena.matrix(rows, hidden, of: Scalar.self)
    let probabilities = attend(query, key, value, keys: keys, queries: queries, into: context)

    let attentionNormed = product(context, layer.attentionOutput)
    let attentionNormalized = arena.matrix(rows, hidden, of: Scalar.self)
    let attentionInverseDeviation = arena.vector(rows, of: Scalar.self)
    layerNorm(
      attentionNormed, bias: layer.attentionOutput.bias, residual: queryInput, weight: layer.attentionNorm.weight,
      offset: layer.attentionNorm.bias, epsilon: epsilon, into: attentionNormed, normalized: attentionNormalized,
      inverseDeviation: attentionInverseDeviation)

    let activation = product(attentionNormed, layer.intermediate)
    let slope = arena.matrix(rows, configuration.intermediate, of: Scalar.self)
    gelu(activation, bias: layer.intermediate.bias, activation: activation, slope: slope)

    let output = product(activation, layer.output)
    let outputNormalized = arena.matrix(rows, hidden, of: Scalar.self)
    let outputInverseDeviation = arena.vector(rows, of: Scalar.self)
    layerNorm(
      output, bias: layer.output.bias, residual: attentionNormed, weight: layer.outputNorm.weight,
      offset: layer.outputNorm.bias, epsilon: epsilon, into: output, normalized: outputNormalized,
      inverseDeviation: outputInverseDeviation)

    return Activations.Layer(
      queries: queries, input: x, queryInput: queryInput, query: query, key: key, value: value,
      probabilities: probabilities, context: context, attentionNormalized: attentionNormalized,
      attentionInverseDeviation: attentionInverseDeviation, attentionNormed: attentionNormed, activation: activation,
      slope: slope, outputNormalized: outputNormalized, outputInverseDeviation: outputInverseDeviation, output: output)
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
