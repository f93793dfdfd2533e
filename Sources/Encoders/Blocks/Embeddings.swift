import LinearAlgebra
import Parameters

/// One embedding table and the row of it that was added to each token's vector.
package struct TableRows: Sendable {
  package let component: Component
  /// [T]
  package let rows: [Int32]
}

/// The encoder's input: LayerNorm(word + position + token type) of each token, and a projection to the layers' width
/// above or below the LayerNorm where the tables are narrower.
package struct Embeddings<Scalar: KernelScalar> {
  /// [vocabulary, E]
  let words: Matrix<Scalar>
  /// [positions, E]; nil where there is no such table.
  let positions: Matrix<Scalar>?
  /// Where positions are counted from behind an id: that id.
  let positionPadding: Int?
  /// [token types, E]; nil where there is no such table.
  let tokenTypes: Matrix<Scalar>?
  let norm: Norm<Scalar>
  /// [D, E]; nil where there is none.
  package let projection: Linear<Scalar>?
  let projectsBelowNorm: Bool

  /// What stays for the backward pass.
  package struct Kept {
    let norm: Norm<Scalar>.Kept
    /// Above the LayerNorm.
    let projection: Linear<Scalar>?
    /// The tables' sum where a projection below the LayerNorm takes it, [T, E].
    let sum: Matrix<Scalar>?

    /// The output once more, [T, D], with the same bits, in new memory.
    func output(in arena: Arena) -> Matrix<Scalar> {
      let normalized = norm.output(in: arena)
      return projection?.apply(to: normalized, in: arena) ?? normalized
    }
  }

  /// - Parameter output: [T, D], where the output goes.
  package func forward(
    _ batch: TokenBatch, into output: Matrix<Scalar>, in arena: Arena, show: Audience<Scalar>
  ) -> Kept {
    let sum = projection == nil ? output : arena.matrix(output.rows, words.columns, of: Scalar.self)
    sumTables(batch, into: sum)
    guard let projection else { return Kept(norm: norm.forward(sum, into: sum, in: arena), projection: nil, sum: nil) }
    if projectsBelowNorm {
      project(sum, by: projection, into: output, batch.segments, in: arena, show: show)
      return Kept(norm: norm.forward(output, into: output, in: arena), projection: nil, sum: sum)
    }
    let kept = norm.forward(sum, into: sum, in: arena)
    project(sum, by: projection, into: output, batch.segments, in: arena, show: show)
    return Kept(norm: kept, projection: projection, sum: nil)
  }

  /// The rows of all tables for each token, [T, E].
  private func sumTables(_ batch: TokenBatch, into sum: Matrix<Scalar>) {
    let places = places(of: batch)
    for row in 0..<sum.rows {
      let target = sum.row(row)
      copy(words.row(Int(batch.tokens[row])), to: target)
      if let positions { add(positions.row(Int(places[row])), to: target) }
      if let tokenTypes { add(tokenTypes.row(Int(batch.types[row])), to: target) }
    }
  }

  /// What the projection takes, [T, E]; or the output, where there is none.
  func tables(_ batch: TokenBatch, into sum: Matrix<Scalar>, in arena: Arena) {
    sumTables(batch, into: sum)
    if projection == nil || !projectsBelowNorm { _ = norm.forward(sum, into: sum, in: arena) }
  }

  /// From what the projection puts out, in place, to the output.
  func finish(_ projected: Matrix<Scalar>, in arena: Arena) {
    if projectsBelowNorm { _ = norm.forward(projected, into: projected, in: arena) }
  }

  private func project(
    _ x: Matrix<Scalar>, by projection: Linear<Scalar>, into output: Matrix<Scalar>, _ segments: Segments,
    in arena: Arena, show: Audience<Scalar>
  ) {
    show.input(.embeddingProjection, nil, x, segments)
    multiplyRows(x, projection.weight, into: output, transposeB: true, scratch: arena)
    if let bias = projection.bias { add(bias: bias, to: output) }
  }

  /// The row of the position table of each token, [T]: counted from 0 in each example; or, with an id of padding p,
  /// p + 1, p + 2, … for tokens with another id, and p for those that have it (`create_position_ids_from_input_ids` of
  /// `transformers`).
  private func places(of batch: TokenBatch) -> [Int32] {
    var places: [Int32] = []
    places.reserveCapacity(batch.segments.rows)
    for example in 0..<batch.segments.count {
      guard let positionPadding else {
        places += (0..<batch.segments[example].count).map(Int32.init)
        continue
      }
      let padding = Int32(positionPadding)
      var place = padding
      for row in batch.segments[example] {
        let isCounted = batch.tokens[row] != padding
        if isCounted { place += 1 }
        places.append(isCounted ? place : padding)
      }
    }
    return places
  }

  /// From the gradient at the output, [S · T, D], to that at the sum, [S · T, E], which observers scatter to the tables'
  /// rows.
  ///
  /// - Parameter gradient: overwritten.
  package func backward(
    _ kept: Kept, gradient: Matrix<Scalar>, of batch: TokenBatch, in arena: Arena, show: Audience<Scalar>
  ) {
    var gradient = gradient
    if let projection, !projectsBelowNorm {
      show.linear(projection, gradient, batch.segments) { kept.norm.output(in: arena) }
      gradient = projection.backward(gradient, in: arena)
    }
    norm.backward(kept.norm, gradient: gradient, batch.segments, show: show)
    if let projection, let sum = kept.sum {
      show.linear(projection, gradient, batch.segments) { sum }
      gradient = projection.backward(gradient, in: arena)
    }
    var tables = [TableRows(component: .wordEmbeddings, rows: batch.tokens)]
    if positions != nil { tables.append(TableRows(component: .positionEmbeddings, rows: places(of: batch))) }
    if tokenTypes != nil { tables.append(TableRows(component: .tokenTypeEmbeddings, rows: batch.types)) }
    show.embeddings(tables, gradient, batch.segments)
    show.tokenMask(batch.tokens, gradient, batch.segments) {
      let rows = arena.matrix(batch.tokens.count, words.columns, of: Scalar.self)
      for (row, token) in batch.tokens.enumerated() { copy(words.row(Int(token)), to: rows.row(row)) }
      return rows
    }
  }
}
