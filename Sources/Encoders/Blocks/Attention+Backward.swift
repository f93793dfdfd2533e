import LinearAlgebra
import Parameters

extension Attention {
  /// From the gradient at y + the queries' rows of x, [S · R, D], to that at x, [S · T, D]: the gradient that comes
  /// through the block is added.
  ///
  /// With G at y: ∂context = G W_O (which is shown as the head mask's); from there to Q, K and V example by example and
  /// head by head; ∂x = ∂Q W_Q (at the queries' rows) + ∂K W_K + ∂V W_V.
  ///
  /// - Parameters:
  ///   - g: overwritten. Where all rows are queries, the result is in its place.
  ///   - stopsAtMask: whether nobody wants to see what is below the head mask.
  ///   - input: gives x, [T, D].
  /// - Returns: nil where it stopped at the mask.
  package func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, keys: Segments, queries: Segments, stopsAtMask: Bool, in arena: Arena,
    show: Audience<Scalar>, input: () -> Matrix<Scalar>
  ) -> Matrix<Scalar>? {
    let columns = g.rows / queries.rows
    let isWhole = queries.rows == keys.rows
    show.linear(.attentionOutput, layer, g, queries) { kept.context }
    // What is given back outlives the scratch, so it is taken first.
    let below = isWhole ? g : arena.matrix(columns * keys.rows, g.columns, of: Scalar.self)
    let scratch = arena.mark
    defer { arena.release(to: scratch) }
    let context = output.backward(g, in: arena)
    show.headMask(layer, kept.context, context, queries)
    if stopsAtMask { return nil }

    let atQuery = arena.matrix(g.rows, g.columns, of: Scalar.self)
    let atKey = arena.matrix(columns * keys.rows, g.columns, of: Scalar.self)
    let atValue = arena.matrix(columns * keys.rows, g.columns, of: Scalar.self)
    for column in 0..<columns {
      let ofQueries = column * queries.rows..<(column + 1) * queries.rows
      let ofKeys = column * keys.rows..<(column + 1) * keys.rows
      attendBackward(
        kept, context: context.rows(ofQueries), atQuery: atQuery.rows(ofQueries), atKey: atKey.rows(ofKeys),
        atValue: atValue.rows(ofKeys), keys: keys, queries: queries, in: arena)
    }
    if show.wantsParameters {
      let x = input()
      show.linear(.query, layer, atQuery, queries) { isWhole ? x : keys.firstRows(of: x, in: arena) }
      show.linear(.key, layer, atKey, keys) { x }
      show.linear(.value, layer, atValue, keys) { x }
    }

    multiplyRows(atQuery, query.weight, into: g, beta: 1, scratch: arena)
    multiplyRows(atKey, key.weight, into: below, beta: isWhole ? 1 : 0, scratch: arena)
    multiplyRows(atValue, value.weight, into: below, beta: 1, scratch: arena)
    if !isWhole {
      for column in 0..<columns {
        for example in 0..<keys.count {
          add(g.row(column * queries.rows + example), to: below.row(column * keys.rows + keys[example].lowerBound))
        }
      }
    }
    return below
  }

  /// One column of the gradient, example by example and head by head: dV = Pᵀ dC, dP = dC Vᵀ, dS from dP by the
  /// softmax, dQ = dS K, dK = dSᵀ Q (the scale 1/√d is in dS).
  private func attendBackward(
    _ kept: Kept, context: Matrix<Scalar>, atQuery: Matrix<Scalar>, atKey: Matrix<Scalar>, atValue: Matrix<Scalar>,
    keys: Segments, queries: Segments, in arena: Arena
  ) {
    let (size, scale) = (headSize, scale)
    for example in 0..<keys.count {
      let (own, all) = (queries[example], keys[example])
      let p = kept.probabilities[example]
      let start = arena.mark
      let scores = arena.matrix(p.rows, p.columns, of: Scalar.self)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        let rows = head * own.count..<(head + 1) * own.count
        let dC = context.rows(own).columns(columns)
        multiply(p.rows(rows), dC, into: atValue.rows(all).columns(columns), transposeA: true)
        multiply(dC, kept.value.rows(all).columns(columns), into: scores.rows(rows), transposeB: true)
      }
      softmaxBackward(probabilities: p, gradient: scores, scale: scale)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        let dS = scores.rows(head * own.count..<(head + 1) * own.count)
        multiply(dS, kept.key.rows(all).columns(columns), into: atQuery.rows(own).columns(columns))
        multiply(dS, kept.query.rows(own).columns(columns), into: atKey.rows(all).columns(columns), transposeA: true)
      }
      arena.release(to: start)
    }
  }
}
