import LinearAlgebra

/// The gradients of one layer's attention at the outputs of the layers that the table of relative positions goes
/// through, of every column and example: nobody needs them but those who look at parameters.
struct PositionGradients<Scalar: KernelScalar> {
  private let pass: RelativeTable<Scalar>.Pass
  private let sums: RelativeTable<Scalar>.Gradient
  private let keys, queries: Segments
  /// The rows of the table that each example looks at.
  private let rows: Segments
  /// [S · rows, D] each; nil where the family has no such term.
  private let atKey, atQuery: Matrix<Scalar>?

  /// Nil where there is no table, or nobody wants to see it.
  init?(
    _ attention: Attention<Scalar>, _ relative: (pass: RelativePass<Scalar>, gradient: RelativeGradient<Scalar>?)?,
    columns: Int, keys: Segments, queries: Segments, in arena: Arena
  ) {
    guard case (.table(let pass), .table(let sums)?)? = relative else { return nil }
    self.pass = pass
    self.sums = sums
    self.keys = keys
    self.queries = queries
    rows = pass.segments(queries: queries, keys: keys)
    let count = columns * rows.rows
    atKey = attention.positionKey.map { arena.matrix(count, $0.weight.rows) }
    atQuery = attention.positionQuery.map { arena.matrix(count, $0.weight.rows) }
  }

  func key(column: Int, example: Int) -> Matrix<Scalar>? { atKey?.rows(place(column, example)) }
  func query(column: Int, example: Int) -> Matrix<Scalar>? { atQuery?.rows(place(column, example)) }

  private func place(_ column: Int, _ example: Int) -> Range<Int> {
    let own = rows[example]
    return column * rows.rows + own.lowerBound..<column * rows.rows + own.upperBound
  }

  /// Shows the gradients of query and key, of the table's own layers where it has them, and adds those at the table's
  /// rows to the sum over all layers.
  ///
  /// Where tokens and table go through one layer, an example's rows of both are shown as rows of one input: the
  /// parameter's gradient is the sum.
  func show(
    _ attention: Attention<Scalar>, atQuery tokenQuery: Matrix<Scalar>, atKey tokenKey: Matrix<Scalar>,
    x: Matrix<Scalar>, in arena: Arena, _ show: Audience<Scalar>
  ) {
    let table = pass.expanded(queries: queries, keys: keys, in: arena)
    let queryInput = queries.rows == keys.rows ? x : keys.firstRows(of: x, in: arena)
    for (tokens, gradient, segments, input, positions, atTable) in [
      (attention.query, tokenQuery, queries, queryInput, attention.positionQuery, atQuery),
      (attention.key, tokenKey, keys, x, attention.positionKey, atKey),
    ] {
      if let atTable, attention.sharesProjections {
        show.linear(
          tokens, joined(gradient, segments, atTable, in: arena), segments.joined(rows)
        ) { joined(input, segments, table, in: arena) }
      } else {
        show.linear(tokens, gradient, segments) { input }
        if let atTable, let positions { show.linear(positions, atTable, rows) { table } }
      }
      if let atTable, let positions { sums.add(positions.backward(atTable, in: arena), rows) }
    }
  }

  /// Each example's rows of tokens, [S · R, D], followed by its rows of the table.
  private func joined(
    _ tokens: Matrix<Scalar>, _ segments: Segments, _ table: Matrix<Scalar>, in arena: Arena
  ) -> Matrix<Scalar> {
    let out = arena.matrix(tokens.rows + table.rows, tokens.columns, of: Scalar.self)
    var target = 0
    for column in 0..<tokens.rows / segments.rows {
      for example in 0..<segments.count {
        for (from, base, own) in [
          (tokens, column * segments.rows, segments[example]), (table, column * rows.rows, rows[example]),
        ] {
          let values = from.rows(base + own.lowerBound..<base + own.upperBound).elements
          copy(values, to: out.rows(target..<target + own.count).elements)
          target += own.count
        }
      }
    }
    return out
  }
}
