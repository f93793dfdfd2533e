import Encoders
import LinearAlgebra

/// The products of attention, example by example and head by head; of a local layer for some queries at a time.
extension ProductReplay {
  /// What the products backward need of those forward.
  struct Attended {
    let queries: Segments
    let query, key, value, context: Matrix<Float>
    /// The rows of the table of relative positions through their layers; nil for none.
    let positionKey, positionQuery: Matrix<Float>?
  }

  /// - Parameter tableRows: how many rows of the table the block's distances lead to.
  func attend(
    _ attention: Attention<Float>, _ x: Matrix<Float>, queries: Segments, keys: Segments, tableRows: Int
  ) -> Attended {
    let c = weights.configuration
    let table = operand(tableRows, c.hidden)
    let own = Attended(
      queries: queries,
      query: forward(queries.rows == x.rows ? x : operand(queries.rows, c.hidden), attention.query),
      key: forward(x, attention.key), value: forward(x, attention.value),
      context: arena.matrix(queries.rows, c.hidden, of: Float.self),
      positionKey: attention.positionKey.map { forward(table, $0) },
      positionQuery: attention.positionQuery.map { forward(table, $0) })
    forEachSpan(attention, queries, keys) { q, k, pairs in
      let scores = arena.matrix(c.heads * q.count, k.count, of: Float.self)
      let p = operand(scores.rows, scores.columns)
      let useful = pairs * c.headSize
      for head in 0..<c.heads {
        let (rows, columns) = (head * q.count..<(head + 1) * q.count, range(ofHead: head))
        product(
          own.query.rows(q).columns(columns), own.key.rows(k).columns(columns), scores.rows(rows), transposeB: true,
          useful: useful)
        product(
          p.rows(rows), own.value.rows(k).columns(columns), own.context.rows(q).columns(columns), useful: useful)
      }
      forEachPositionProduct(own, q, k) { tokens, positions in
        let start = arena.mark
        product(tokens, positions, arena.matrix(tokens.rows, positions.rows), transposeB: true)
        arena.release(to: start)
      }
    }
    return own
  }

  func attendBackward(
    _ attention: Attention<Float>, _ kept: Attended, _ keys: Segments, _ context: Matrix<Float>,
    _ atQuery: Matrix<Float>, _ atKey: Matrix<Float>, _ atValue: Matrix<Float>
  ) {
    let c = weights.configuration
    for column in 0..<self.columns {
      let ofQueries = column * kept.queries.rows..<(column + 1) * kept.queries.rows
      let ofKeys = column * keys.rows..<(column + 1) * keys.rows
      forEachSpan(attention, kept.queries, keys) { q, k, pairs in
        let start = arena.mark
        let scores = arena.matrix(c.heads * q.count, k.count, of: Float.self)
        let p = operand(scores.rows, scores.columns)
        let useful = pairs * c.headSize
        for head in 0..<c.heads {
          let (rows, columns) = (head * q.count..<(head + 1) * q.count, range(ofHead: head))
          let dC = context.rows(ofQueries).rows(q).columns(columns)
          product(
            p.rows(rows), dC, atValue.rows(ofKeys).rows(k).columns(columns), transposeA: true, useful: useful)
          product(dC, kept.value.rows(k).columns(columns), scores.rows(rows), transposeB: true, useful: useful)
          product(
            p.rows(rows), kept.key.rows(k).columns(columns), atQuery.rows(ofQueries).rows(q).columns(columns),
            useful: useful)
          product(
            p.rows(rows), kept.query.rows(q).columns(columns), atKey.rows(ofKeys).rows(k).columns(columns),
            transposeA: true, useful: useful)
        }
        forEachPositionProduct(kept, q, k) { tokens, positions in
          product(operand(tokens.rows, positions.rows), positions, arena.matrix(tokens.rows, tokens.columns))
        }
        arena.release(to: start)
      }
    }
  }

  /// Calls `body` with the rows of some queries, those of their keys, and how many pairs of these look at each other.
  private func forEachSpan(
    _ attention: Attention<Float>, _ queries: Segments, _ keys: Segments,
    _ body: (_ queries: Range<Int>, _ keys: Range<Int>, _ pairs: Int) -> Void
  ) {
    for example in 0..<keys.count {
      let (first, firstKey) = (queries[example].lowerBound, keys[example].lowerBound)
      for span in attention.spans(queries: queries[example].count, keys: keys[example].count) {
        var pairs = span.queries.count * span.keys.count
        if let window = attention.window {
          pairs = span.queries.reduce(0) { count, query in count + span.keys.count { abs(query - $0) <= window } }
        }
        body(
          first + span.queries.lowerBound..<first + span.queries.upperBound,
          firstKey + span.keys.lowerBound..<firstKey + span.keys.upperBound, pairs)
      }
    }
  }

  /// Calls `body` for each head with queries and rows of the table that they look at, and with keys and such rows.
  private func forEachPositionProduct(
    _ own: Attended, _ queries: Range<Int>, _ keys: Range<Int>,
    _ body: (_ tokens: Matrix<Float>, _ positions: Matrix<Float>) -> Void
  ) {
    let c = weights.configuration
    guard let rows = c.variant.disentangled?.rows(queries: queries.count, keys: keys.count) else { return }
    for head in 0..<c.heads {
      let columns = range(ofHead: head)
      if let table = own.positionKey {
        body(own.query.rows(queries).columns(columns), table.rows(0..<rows).columns(columns))
      }
      if let table = own.positionQuery {
        body(own.key.rows(keys).columns(columns), table.rows(0..<rows).columns(columns))
      }
    }
  }

  private func range(ofHead head: Int) -> Range<Int> {
    let size = weights.configuration.headSize
    return head * size..<(head + 1) * size
  }
}
