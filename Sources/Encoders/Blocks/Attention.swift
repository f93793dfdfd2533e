import LinearAlgebra
import Parameters

/// Softmax attention of each example's queries over its keys: concat over heads of softmax(Q Kᵀ / √d) V, times W_Oᵀ,
/// plus b_O.
///
/// T is the number of rows of the keys: all tokens. R is that of the queries: T, or one for each example where only the
/// first token's vector is read. H heads of d = D / H columns each. The heads' weighted values are what the head mask
/// multiplies.
package struct Attention<Scalar: KernelScalar> {
  let layer: Int
  /// H
  let heads: Int
  /// [D, D] each.
  package let query, key, value, output: Linear<Scalar>

  /// d
  var headSize: Int { query.weight.rows / heads }

  /// 1/√d, by which scores are multiplied.
  var scale: Scalar { 1 / Scalar(headSize).squareRoot() }

  package struct Kept {
    /// [R, D]
    let query: Matrix<Scalar>
    /// [T, D]
    let key: Matrix<Scalar>
    /// [T, D]
    let value: Matrix<Scalar>
    /// The probabilities of each example, heads below each other: [H · its queries, its keys].
    let probabilities: [Matrix<Scalar>]
    /// The heads' weighted values side by side, [R, D].
    let context: Matrix<Scalar>
  }

  /// y = context W_Oᵀ; b_O is left to the kernel that takes y.
  ///
  /// - Parameters:
  ///   - x: [T, D].
  ///   - queryInput: the rows of x that are queries, [R, D].
  ///   - y: [R, D], other memory than x.
  package func forward(
    _ x: Matrix<Scalar>, queryInput: Matrix<Scalar>, into y: Matrix<Scalar>, keys: Segments, queries: Segments,
    in arena: Arena, show: Audience<Scalar>
  ) -> Kept {
    show.input(.attention, layer, x, keys)
    let query = query.apply(to: queryInput, in: arena)
    let key = key.apply(to: x, in: arena)
    let value = value.apply(to: x, in: arena)
    let context = arena.matrix(queries.rows, x.columns, of: Scalar.self)
    let scale = scale
    var probabilities: [Matrix<Scalar>] = []
    probabilities.reserveCapacity(keys.count)
    for example in 0..<keys.count {
      let (own, attended) = (queries[example], keys.attended(example))
      probabilities.append(
        attend(
          query.rows(own), key.rows(attended), value.rows(attended), scale: scale, into: context.rows(own), in: arena))
    }
    show.input(.attentionOutput, layer, context, queries)
    multiplyRows(context, output.weight, into: y, transposeB: true, scratch: arena)
    return Kept(query: query, key: key, value: value, probabilities: probabilities, context: context)
  }

  /// One example: softmax(Q Kᵀ / √d) of its heads, one below the other, [H · r, t]; and its product with V, which goes
  /// into context, [r, D].
  private func attend(
    _ query: Matrix<Scalar>, _ key: Matrix<Scalar>, _ value: Matrix<Scalar>, scale: Scalar,
    into context: Matrix<Scalar>, in arena: Arena
  ) -> Matrix<Scalar> {
    let size = headSize
    let p = arena.matrix(heads * query.rows, key.rows, of: Scalar.self)
    for head in 0..<heads {
      let columns = head * size..<(head + 1) * size
      multiply(
        query.columns(columns), key.columns(columns), into: p.rows(head * query.rows..<(head + 1) * query.rows),
        transposeB: true)
    }
    softmax(p, scale: scale)
    for head in 0..<heads {
      let columns = head * size..<(head + 1) * size
      multiply(
        p.rows(head * query.rows..<(head + 1) * query.rows), value.columns(columns), into: context.columns(columns))
    }
    return p
  }
}
