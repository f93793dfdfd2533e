import Parameters
import LinearAlgebra

extension Encoder {
  /// Goes backward from the head's outputs and shows the observers what they asked for, from the classifier down.
  ///
  /// Linear in the gradient, so several columns go at once as a taller batch. No parameter gradient is formed here, and nothing is
  /// differentiated below the lowest place that an observer wants to see.
  ///
  /// - Parameters:
  ///   - activations: of the last forward pass.
  ///   - outputGradient: ∂ℓ/∂logits, [S · examples, C]; column s holds rows s · examples ..< (s + 1) · examples.
  package func backward(
    _ activations: Activations<Scalar>, outputGradient: Matrix<Scalar>, observers: [any EncoderObserver<Scalar>]
  ) {
    precondition(activations.batch.segments.isWhollyAttended, "rows that are not attended have no gradient here")
    precondition(
      activations.layers.count == weights.layers.count, "the forward pass knew of an observer that wants gradients")
    let examples = activations.batch.segments.count
    guard examples > 0, outputGradient.rows > 0 else { return }
    let single = Segments.single(examples)
    let columns = outputGradient.rows / examples
    let parameters = observers.filter { $0.interests.contains(.parameters) }
    let show = Audience(masks: observers.filter { $0.interests.contains(.masks) }, parameters: parameters)

    show.linear(.classifier, nil, outputGradient, single) { activations.pooled }
    var gradient = arena.matrix(outputGradient.rows, configuration.hidden, of: Scalar.self)
    multiplyRows(outputGradient, weights.classifier.weight, into: gradient, scratch: arena)
    tanhBackward(gradient: gradient, output: activations.pooled)
    show.linear(.pooler, nil, gradient, single) { output(activations, activations.layers.count - 1) }
    let atLast = arena.matrix(gradient.rows, configuration.hidden, of: Scalar.self)
    multiplyRows(gradient, weights.pooler.weight, into: atLast, scratch: arena)
    gradient = atLast

    for index in activations.layers.indices.reversed() {
      let isLowest = index == 0 && parameters.isEmpty
      guard
        let below = backward(
          layer: index, activations, gradient: gradient, columns: columns,
          keys: activations.batch.segments, show: show, stopAtMask: isLowest)
      else { return }
      gradient = below
    }
    guard !parameters.isEmpty else { return }
    show.norm(.embeddingNorm, nil, activations.embeddings.normalized, gradient, activations.batch.segments)
    layerNormBackward(
      gradient: gradient, normalized: activations.embeddings.normalized,
      inverseDeviation: activations.embeddings.inverseDeviation, weight: weights.embeddingNorm.weight)
    for observer in parameters { observer.observeEmbeddings(of: activations.batch, gradient: gradient) }
  }

  /// One layer backward, in place on `g`, the gradient at the layer's output [S · R, D].
  ///
  /// Gives the gradient at the layer's input [S · T, D], or nil where it stopped at the head mask.
  private func backward(
    layer index: Int, _ activations: Activations<Scalar>, gradient g: Matrix<Scalar>, columns: Int, keys: Segments,
    show: Audience<Scalar>, stopAtMask: Bool
  ) -> Matrix<Scalar>? {
    let layer = weights.layers[index]
    let kept = activations.layers[index]
    let queries = kept.queries

    show.norm(.outputNorm, index, kept.outputNorm.normalized, g, queries)
    layerNormBackward(
      gradient: g, normalized: kept.outputNorm.normalized, inverseDeviation: kept.outputNorm.inverseDeviation,
      weight: layer.outputNorm.weight)
    show.linear(.output, index, g, queries) { kept.activation }
    let start = arena.mark
    let inner = arena.matrix(g.rows, configuration.intermediate, of: Scalar.self)
    multiplyRows(g, layer.output.weight, into: inner, scratch: arena)
    show.neuronMask(index, kept.activation, inner, queries)
    guard let slope = kept.slope else { preconditionFailure("a forward pass keeps it for the backward pass") }
    multiply(gradient: inner, by: slope)
    show.linear(.intermediate, index, inner, queries) { output(of: kept.attentionNorm, layer.attentionNorm) }
    multiplyRows(inner, layer.intermediate.weight, into: g, beta: 1, scratch: arena)
    arena.release(to: start)

    show.norm(.attentionNorm, index, kept.attentionNorm.normalized, g, queries)
    layerNormBackward(
      gradient: g, normalized: kept.attentionNorm.normalized, inverseDeviation: kept.attentionNorm.inverseDeviation,
      weight: layer.attentionNorm.weight)
    show.linear(.attentionOutput, index, g, queries) { kept.context }
    // The gradient at the layer's input outlives the scratch, so it is taken first; where all rows ask, it is `g` itself.
    let below =
      queries.rows == keys.rows ? g : arena.matrix(columns * keys.rows, configuration.hidden, of: Scalar.self)
    let scratch = arena.mark
    defer { arena.release(to: scratch) }
    let context = arena.matrix(g.rows, configuration.hidden, of: Scalar.self)
    multiplyRows(g, layer.attentionOutput.weight, into: context, scratch: arena)
    show.headMask(index, kept.context, context, queries)
    if stopAtMask { return nil }

    let atQuery = arena.matrix(g.rows, configuration.hidden, of: Scalar.self)
    let atKey = arena.matrix(columns * keys.rows, configuration.hidden, of: Scalar.self)
    let atValue = arena.matrix(columns * keys.rows, configuration.hidden, of: Scalar.self)
    for column in 0..<columns {
      let ofQueries = column * queries.rows..<(column + 1) * queries.rows
      let ofKeys = column * keys.rows..<(column + 1) * keys.rows
      attendBackward(
        kept, context: context.rows(ofQueries), atQuery: atQuery.rows(ofQueries), atKey: atKey.rows(ofKeys),
        atValue: atValue.rows(ofKeys), keys: keys)
    }
    let isWhole = queries.rows == keys.rows
    if show.wantsParameters {
      let input = output(activations, index - 1)
      show.linear(.query, index, atQuery, queries) { isWhole ? input : firstRows(of: input, keys) }
      show.linear(.key, index, atKey, keys) { input }
      show.linear(.value, index, atValue, keys) { input }
    }

    multiplyRows(atQuery, layer.query.weight, into: g, beta: 1, scratch: arena)
    multiplyRows(atKey, layer.key.weight, into: below, beta: isWhole ? 1 : 0, scratch: arena)
    multiplyRows(atValue, layer.value.weight, into: below, beta: 1, scratch: arena)
    if !isWhole {
      for column in 0..<columns {
        for example in 0..<keys.count {
          add(
            g.row(column * queries.rows + example), to: below.row(column * keys.rows + keys[example].lowerBound))
        }
      }
    }
    return below
  }

  /// The output of a LayerNorm, which is not kept, once more.
  private func output(of kept: Activations<Scalar>.Normalization, _ norm: EncoderWeights<Scalar>.Norm) -> Matrix<Scalar>
  {
    let y = arena.matrix(kept.normalized.rows, kept.normalized.columns, of: Scalar.self)
    layerNormOutput(normalized: kept.normalized, weight: norm.weight, offset: norm.bias, into: y)
    return y
  }

  /// The output of a layer; of the embeddings for -1.
  private func output(_ activations: Activations<Scalar>, _ layer: Int) -> Matrix<Scalar> {
    layer < 0
      ? output(of: activations.embeddings, weights.embeddingNorm)
      : output(of: activations.layers[layer].outputNorm, weights.layers[layer].outputNorm)
  }

  /// The attention of one column backward, example by example and head by head: dV = Pᵀ dC, dP = dC Vᵀ, dS from dP by the
  /// softmax, dQ = dS K, dK = dSᵀ Q (the scale 1/√d is in dS).
  private func attendBackward(
    _ kept: Activations<Scalar>.Layer, context: Matrix<Scalar>, atQuery: Matrix<Scalar>, atKey: Matrix<Scalar>,
    atValue: Matrix<Scalar>, keys: Segments
  ) {
    let (heads, size) = (configuration.heads, configuration.headSize)
    let scale = 1 / Scalar(size).squareRoot()
    for example in 0..<keys.count {
      let (asking, asked) = (kept.queries[example], keys[example])
      let p = kept.probabilities[example]
      let start = arena.mark
      let scores = arena.matrix(p.rows, p.columns, of: Scalar.self)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        let rows = head * asking.count..<(head + 1) * asking.count
        let dC = context.rows(asking).columns(columns)
        multiply(p.rows(rows), dC, into: atValue.rows(asked).columns(columns), transposeA: true)
        multiply(dC, kept.value.rows(asked).columns(columns), into: scores.rows(rows), transposeB: true)
      }
      softmaxBackward(probabilities: p, gradient: scores, scale: scale)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        let dS = scores.rows(head * asking.count..<(head + 1) * asking.count)
        multiply(dS, kept.key.rows(asked).columns(columns), into: atQuery.rows(asking).columns(columns))
        multiply(
          dS, kept.query.rows(asking).columns(columns), into: atKey.rows(asked).columns(columns), transposeA: true)
      }
      arena.release(to: start)
    }
  }
}

/// The observers of one backward pass, by what they asked for.
private struct Audience<Scalar: KernelScalar> {
  let masks: [any EncoderObserver<Scalar>]
  let parameters: [any EncoderObserver<Scalar>]

  func headMask(_ layer: Int, _ input: Matrix<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments) {
    let observation = Observation(layer: layer, input: input, gradient: gradient, segments: segments)
    for observer in masks { observer.observeHeadMask(observation) }
  }

  func neuronMask(_ layer: Int, _ input: Matrix<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments) {
    let observation = Observation(layer: layer, input: input, gradient: gradient, segments: segments)
    for observer in masks { observer.observeNeuronMask(observation) }
  }

  var wantsParameters: Bool { !parameters.isEmpty }

  /// - Parameter input: called where somebody wants to see it.
  func linear(
    _ component: Component, _ layer: Int?, _ gradient: Matrix<Scalar>, _ segments: Segments,
    input: () -> Matrix<Scalar>
  ) {
    guard wantsParameters else { return }
    let observation = Observation(layer: layer, input: input(), gradient: gradient, segments: segments)
    for observer in parameters { observer.observeLinear(component, observation) }
  }

  func norm(
    _ component: Component, _ layer: Int?, _ input: Matrix<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments
  ) {
    let observation = Observation(layer: layer, input: input, gradient: gradient, segments: segments)
    for observer in parameters { observer.observeNorm(component, observation) }
  }
}
