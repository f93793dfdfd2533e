import LinearAlgebra
import Parameters

/// Softmax attention of each example's queries over its keys: concat over heads of softmax(scores / √d) V, times W_Oᵀ,
/// plus b_O.
///
/// T is the number of rows of the keys: all tokens. R is that of the queries: T, or one for each example where only the
/// first token's vector is read. H heads of d = D / H columns each. The heads' weighted values are what the head mask
/// multiplies.
///
/// Scores are Q Kᵀ. Where queries and keys turn, by a ``Rotation``, they do so before. A ``RelativeBias`` is added after
/// the division; the products with a ``RelativeTable`` before it. With a window w, query i sees the keys j with
/// |i − j| ≤ w, and no product is formed far outside it.
package struct Attention<Scalar: KernelScalar> {
  /// Of those that the data flow through; for masks.
  let layer: Int
  /// H
  let heads: Int
  /// [D, D] each.
  package let query, key, value, output: Linear<Scalar>
  /// The layers of the table of relative positions: what queries look at, and what keys are looked at by. [D, D] each.
  package let positionKey, positionQuery: Linear<Scalar>?
  /// Whether these are the tokens' own key and query.
  let sharesProjections: Bool
  /// By which scores are multiplied.
  let scale: Scalar
  /// w; nil for all keys.
  package let window: Int?
  let rotation: Rotation<Scalar>?

  /// d
  var headSize: Int { query.weight.rows / heads }

  package struct Kept {
    /// [R, D]
    let query: Matrix<Scalar>
    /// [T, D]
    let key: Matrix<Scalar>
    /// [T, D]
    let value: Matrix<Scalar>
    /// The table of relative positions through its layers, [its rows, D] each.
    let positionKey, positionQuery: Matrix<Scalar>?
    /// The probabilities of each example, span by span (``spans(queries:keys:)``), heads below each other: [H · the
    /// span's queries, its keys].
    let probabilities: [Matrix<Scalar>]
    /// The heads' weighted values side by side, [R, D].
    let context: Matrix<Scalar>
  }

  /// All queries of an example with all its keys; or, where there is a window, some at a time.
  package func spans(queries: Int, keys: Int) -> AttentionSpans {
    AttentionSpans(queries: queries, keys: keys, window: window)
  }

  /// y = context W_Oᵀ; b_O is left to the kernel that takes y.
  ///
  /// - Parameters:
  ///   - x: [T, D].
  ///   - queryInput: the rows of x that are queries, [R, D].
  ///   - y: [R, D], other memory than x.
  ///   - relative: what all layers share about relative positions; nil for a family without.
  package func forward(
    _ x: Matrix<Scalar>, queryInput: Matrix<Scalar>, into y: Matrix<Scalar>, keys: Segments, queries: Segments,
    relative: RelativePass<Scalar>? = nil, in arena: Arena, show: Audience<Scalar>
  ) -> Kept {
    show.input(.attention, key.layer, x, keys)
    let kept = attend(
      query: query.apply(to: queryInput, in: arena), key: key.apply(to: x, in: arena),
      value: value.apply(to: x, in: arena), keys: keys, queries: queries, relative: relative, in: arena)
    show.input(.attentionOutput, self.key.layer, kept.context, queries)
    multiplyRows(kept.context, output.weight, into: y, transposeB: true, scratch: arena)
    return kept
  }

  /// The heads' weighted values of given queries, keys and values.
  ///
  /// - Parameters:
  ///   - query: [R, D]; turned in place where the family turns them, as `key`.
  ///   - key, value: [T, D] each.
  func attend(
    query: Matrix<Scalar>, key: Matrix<Scalar>, value: Matrix<Scalar>, keys: Segments, queries: Segments,
    relative: RelativePass<Scalar>?, in arena: Arena
  ) -> Kept {
    if let rotation {
      turn(key, keys, by: rotation)
      if queries.rows == keys.rows { turn(query, queries, by: rotation) }
    }
    let table: Matrix<Scalar>? = if case .table(let pass) = relative { pass.rows } else { nil }
    let positionKey = table.flatMap { self.positionKey?.apply(to: $0, in: arena) }
    let positionQuery = table.flatMap { self.positionQuery?.apply(to: $0, in: arena) }

    let context = arena.matrix(queries.rows, query.columns, of: Scalar.self)
    var probabilities: [Matrix<Scalar>] = []
    probabilities.reserveCapacity(keys.count)
    for example in 0..<keys.count {
      let (own, attended) = (queries[example], keys.attended(example))
      for span in spans(queries: own.count, keys: attended.count) {
        let spanQueries = own.lowerBound + span.queries.lowerBound..<own.lowerBound + span.queries.upperBound
        let spanKeys = attended.lowerBound + span.keys.lowerBound..<attended.lowerBound + span.keys.upperBound
        let p = arena.matrix(heads * span.queries.count, span.keys.count, of: Scalar.self)
        let (q, k) = (query.rows(spanQueries), key.rows(spanKeys))
        forEachHead(span.queries.count) { columns, rows, _ in
          multiply(q.columns(columns), k.columns(columns), into: p.rows(rows), transposeB: true)
        }
        if let relative { add(relative, to: p, query: q, key: k, positionKey, positionQuery, in: arena) }
        normalize(p, span)
        let (v, c) = (value.rows(spanKeys), context.rows(spanQueries))
        forEachHead(span.queries.count) { columns, rows, _ in
          multiply(p.rows(rows), v.columns(columns), into: c.columns(columns))
        }
        probabilities.append(p)
      }
    }
    return Kept(
      query: query, key: key, value: value, positionKey: positionKey, positionQuery: positionQuery,
      probabilities: probabilities, context: context)
  }

  /// Calls `body` with each head's columns, its rows among the scores of so many queries, and its number.
  @inline(__always)
  func forEachHead(_ queries: Int, _ body: (_ columns: Range<Int>, _ rows: Range<Int>, _ head: Int) -> Void) {
    let size = headSize
    for head in 0..<heads { body(head * size..<(head + 1) * size, head * queries..<(head + 1) * queries, head) }
  }

  /// Each example's rows by their positions.
  func turn(_ x: Matrix<Scalar>, _ segments: Segments, by rotation: Rotation<Scalar>, isBackward: Bool = false) {
    for example in 0..<segments.count { rotation.apply(to: x.rows(segments[example]), isBackward: isBackward) }
  }

  /// From scores to probabilities, in place; 0 for what is outside the window.
  private func normalize(_ p: Matrix<Scalar>, _ span: AttentionSpan) {
    guard let window, span.keys.count > window + 1 || span.queries.count > window + 1 else {
      softmax(p, scale: scale)
      return
    }
    for row in 0..<p.rows {
      let query = span.queries.lowerBound + row % span.queries.count
      let first = max(span.keys.lowerBound, query - window) - span.keys.lowerBound
      let last = min(span.keys.upperBound, query + window + 1) - span.keys.lowerBound
      softmax(p.rows(row..<row + 1).columns(first..<last), scale: scale)
      p.row(row)[0..<first].clear()
      p.row(row)[last..<p.columns].clear()
    }
  }

  /// Adds to the raw scores of one example what depends on the distance of its tokens.
  private func add(
    _ relative: RelativePass<Scalar>, to scores: Matrix<Scalar>, query: Matrix<Scalar>, key: Matrix<Scalar>,
    _ positionKey: Matrix<Scalar>?, _ positionQuery: Matrix<Scalar>?, in arena: Arena
  ) {
    let start = arena.mark
    defer { arena.release(to: start) }
    switch relative {
    case .bias(let bias):
      forEachHead(query.rows) { _, rows, head in bias.add(to: scores.rows(rows), head: head, scale: scale) }
    case .table(let table):
      let (span, places) = table.span(queries: query.rows, keys: key.rows)
      let byQuery = positionKey.map { _ in arena.matrix(query.rows, table.rows.rows, of: Scalar.self) }
      let byKey = positionQuery.map { _ in arena.matrix(key.rows, table.rows.rows, of: Scalar.self) }
      forEachHead(query.rows) { columns, rows, _ in
        if let positionKey, let byQuery {
          multiply(
            query.columns(columns), positionKey.rows(span).columns(columns), into: byQuery.columns(span),
            transposeB: true)
        }
        if let positionQuery, let byKey {
          multiply(
            key.columns(columns), positionQuery.rows(span).columns(columns), into: byKey.columns(span), transposeB: true
          )
        }
        addByDistance(to: scores.rows(rows), byQuery, byKey, places: places)
      }
    }
  }
}
