import LinearAlgebra
import Parameters

extension Attention {
  /// From the gradient at y, [S · R, D], to that at x, [S · T, D]; where y + the queries' rows of x is what the gradient
  /// is of, the gradient that comes through the block is added.
  ///
  /// With G at y: ∂context = G W_O (which is shown as the head mask's); from there to Q, K and V example by example and
  /// head by head; ∂x = ∂Q W_Q (at the queries' rows) + ∂K W_K + ∂V W_V.
  ///
  /// - Parameters:
  ///   - g: overwritten where `addsToGradient`; where also all rows are queries, the result is in its place.
  ///   - addsToGradient: whether g is also the gradient at the queries' rows of x.
  ///   - relative: what ``forward(_:queryInput:into:keys:queries:relative:in:show:)`` had, and where the gradient of its
  ///     parameters is summed: nil where nobody wants to see it.
  ///   - stopsAtMask: whether nobody wants to see what is below the head mask.
  ///   - input: gives x, [T, D].
  /// - Returns: nil where it stopped at the mask.
  package func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, addsToGradient: Bool = true, keys: Segments, queries: Segments,
    relative: (pass: RelativePass<Scalar>, gradient: RelativeGradient<Scalar>?)? = nil, stopsAtMask: Bool,
    in arena: Arena, show: Audience<Scalar>, input: () -> Matrix<Scalar>
  ) -> Matrix<Scalar>? {
    let columns = g.rows / queries.rows
    let isWhole = queries.rows == keys.rows
    show.linear(output, g, queries) { kept.context }
    // What is given back outlives the scratch, so it is taken first.
    let below = isWhole && addsToGradient ? g : arena.matrix(columns * keys.rows, g.columns, of: Scalar.self)
    let scratch = arena.mark
    defer { arena.release(to: scratch) }
    let context = output.backward(g, in: arena)
    show.headMask(layer, kept.context, context, queries)
    if stopsAtMask { return nil }

    let atQuery = arena.matrix(g.rows, g.columns, of: Scalar.self)
    let atKey = arena.matrix(columns * keys.rows, g.columns, of: Scalar.self)
    let atValue = arena.matrix(columns * keys.rows, g.columns, of: Scalar.self)
    let atTable = PositionGradients(self, relative, columns: columns, keys: keys, queries: queries, in: arena)
    for column in 0..<columns {
      let ofQueries = column * queries.rows..<(column + 1) * queries.rows
      let ofKeys = column * keys.rows..<(column + 1) * keys.rows
      let own = Gradients(
        context: context.rows(ofQueries), query: atQuery.rows(ofQueries), key: atKey.rows(ofKeys),
        value: atValue.rows(ofKeys))
      attendBackward(kept, own, column: column, keys: keys, queries: queries, relative, atTable, in: arena)
      if let rotation {
        turn(own.key, keys, by: rotation, isBackward: true)
        if isWhole { turn(own.query, queries, by: rotation, isBackward: true) }
      }
    }
    if show.wantsParameters {
      let x = input()
      show.linear(value, atValue, keys) { x }
      if let atTable {
        atTable.show(self, atQuery: atQuery, atKey: atKey, x: x, in: arena, show)
      } else {
        show.linear(query, atQuery, queries) { isWhole ? x : keys.firstRows(of: x, in: arena) }
        show.linear(key, atKey, keys) { x }
      }
    }

    let atOwn = isWhole ? below : addsToGradient ? g : arena.matrix(g.rows, g.columns, of: Scalar.self)
    multiplyRows(atQuery, query.weight, into: atOwn, beta: addsToGradient ? 1 : 0, scratch: arena)
    multiplyRows(atKey, key.weight, into: below, beta: isWhole ? 1 : 0, scratch: arena)
    multiplyRows(atValue, value.weight, into: below, beta: 1, scratch: arena)
    if !isWhole { add(atOwn, toFirstRowsOf: below, keys) }
    return below
  }

  /// The gradients of one column at the matrices of an attention.
  private struct Gradients {
    let context, query, key, value: Matrix<Scalar>
  }

  /// One column of the gradient, example by example, span by span and head by head: dV = Pᵀ dC, dP = dC Vᵀ, dS from dP
  /// by the softmax, dQ = dS K, dK = dSᵀ Q (the scale 1/√d is in dS).
  private func attendBackward(
    _ kept: Kept, _ at: Gradients, column: Int, keys: Segments, queries: Segments,
    _ relative: (pass: RelativePass<Scalar>, gradient: RelativeGradient<Scalar>?)?,
    _ atTable: PositionGradients<Scalar>?, in arena: Arena
  ) {
    var index = 0
    for example in 0..<keys.count {
      let (own, all) = (queries[example], keys[example])
      let spans = spans(queries: own.count, keys: all.count)
      // Spans share keys, and what no query sees has no gradient.
      let isSplit = spans.count > 1 || spans[0].keys.count < all.count
      if isSplit {
        at.key.rows(all).elements.clear()
        at.value.rows(all).elements.clear()
      }
      let beta: Scalar = isSplit ? 1 : 0
      for span in spans {
        let p = kept.probabilities[index]
        index += 1
        let start = arena.mark
        let q = own.lowerBound + span.queries.lowerBound..<own.lowerBound + span.queries.upperBound
        let k = all.lowerBound + span.keys.lowerBound..<all.lowerBound + span.keys.upperBound
        let (dC, dQ, dK, dV) = (at.context.rows(q), at.query.rows(q), at.key.rows(k), at.value.rows(k))
        let scores = arena.matrix(p.rows, p.columns, of: Scalar.self)
        let (query, key, value) = (kept.query.rows(q), kept.key.rows(k), kept.value.rows(k))
        forEachHead(q.count) { columns, rows, _ in
          multiply(p.rows(rows), dC.columns(columns), into: dV.columns(columns), transposeA: true, beta: beta)
          multiply(dC.columns(columns), value.columns(columns), into: scores.rows(rows), transposeB: true)
        }
        softmaxBackward(probabilities: p, gradient: scores, scale: scale)
        forEachHead(q.count) { columns, rows, _ in
          multiply(scores.rows(rows), key.columns(columns), into: dQ.columns(columns))
          multiply(scores.rows(rows), query.columns(columns), into: dK.columns(columns), transposeA: true, beta: beta)
        }
        switch relative {
        case (.table(let pass), _)?:
          addPositions(
            pass, kept, scores, query: query, key: key, atQuery: dQ, atKey: dK, atTable, column: column,
            example: example, in: arena)
        case (.bias, .bias(let gradient))?:
          forEachHead(q.count) { _, rows, head in
            gradient.add(scores.rows(rows), head: head, scale: scale, place: column * keys.count + example)
          }
        default: break
        }
        arena.release(to: start)
      }
    }
  }

  /// Through the scores that depend on distances: with A = Q PKᵀ and B = K PQᵀ, dA and dB from dS, dQ += dA PK,
  /// dK += dB PQ, dPK = dAᵀ Q, dPQ = dBᵀ K.
  private func addPositions(
    _ pass: RelativeTable<Scalar>.Pass, _ kept: Kept, _ scores: Matrix<Scalar>, query: Matrix<Scalar>,
    key: Matrix<Scalar>, atQuery: Matrix<Scalar>, atKey: Matrix<Scalar>, _ atTable: PositionGradients<Scalar>?,
    column: Int, example: Int, in arena: Arena
  ) {
    let (span, places) = pass.span(queries: query.rows, keys: key.rows)
    let byQuery = kept.positionKey.map { _ in arena.matrix(query.rows, pass.rows.rows, of: Scalar.self) }
    let byKey = kept.positionQuery.map { _ in arena.matrix(key.rows, pass.rows.rows, of: Scalar.self) }
    forEachHead(query.rows) { columns, rows, _ in
      for sums in [byQuery, byKey].compactMap(\.self) {
        for row in 0..<sums.rows { sums.row(row)[span].clear() }
      }
      sumByDistance(scores.rows(rows), byQuery, byKey, places: places)
      if let byQuery, let positions = kept.positionKey {
        let own = byQuery.columns(span)
        multiply(own, positions.rows(span).columns(columns), into: atQuery.columns(columns), beta: 1)
        if let sums = atTable?.key(column: column, example: example) {
          multiply(own, query.columns(columns), into: sums.columns(columns), transposeA: true)
        }
      }
      if let byKey, let positions = kept.positionQuery {
        let own = byKey.columns(span)
        multiply(own, positions.rows(span).columns(columns), into: atKey.columns(columns), beta: 1)
        if let sums = atTable?.query(column: column, example: example) {
          multiply(own, key.columns(columns), into: sums.columns(columns), transposeA: true)
        }
      }
    }
  }
}

/// Adds each example's row, [S · examples, D], to the first of the example's rows in y, [S · T, D].
func add<Scalar: KernelScalar>(
  _ x: Matrix<Scalar>, toFirstRowsOf y: Matrix<Scalar>, _ segments: Segments
) {
  for column in 0..<y.rows / segments.rows {
    for example in 0..<segments.count {
      add(
        x.row(column * segments.count + example), to: y.row(column * segments.rows + segments[example].lowerBound))
    }
  }
}
