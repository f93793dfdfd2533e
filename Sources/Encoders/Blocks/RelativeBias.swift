import Foundation
import LinearAlgebra
import Parameters

/// A bias of the scores for each head and bucket of distances, added after the division by √d; one table for all layers.
///
/// Source: Raffel et al. 2020 (arXiv 1910.10683), section 2.1, with MPNet's buckets: near distances have one each, far
/// ones share them in logarithmic steps; both signs have half of the rows.
package struct RelativeBias<Scalar: KernelScalar> {
  /// [``buckets``, H]
  let table: Matrix<Scalar>

  /// As many as MPNet has; its library knows no other number.
  static var buckets: Int { 32 }
  /// What is not told apart from here on.
  private static var farthest: Int { 128 }

  /// The row of the table for query i and key j, by i − j.
  static func bucket(_ difference: Int) -> Int {
    let (half, near) = (buckets / 2, buckets / 4)
    let distance = abs(difference)
    let side = difference < 0 ? half : 0
    if distance < near { return side + distance }
    // In single precision, as the library does it.
    let share = log(Float(distance) / Float(near)) / Float(log(Double(farthest) / Double(near)))
    return side + min(half - 1, near + Int(share * Float(half - near)))
  }

  /// Makes what one forward pass needs, for examples of at most so many tokens.
  func pass(longest: Int, in arena: Arena) -> Pass {
    let byDistance = arena.matrix(table.columns, 2 * longest - 1, of: Scalar.self)
    for column in 0..<byDistance.columns {
      let row = table.row(Self.bucket(longest - 1 - column))
      for head in 0..<table.columns { byDistance[head, column] = row[head] }
    }
    return Pass(byDistance: byDistance, longest: longest)
  }

  /// The bias by distance: column c of [H, 2 · longest − 1] is that of i − j = longest − 1 − c, so that the biases of a
  /// query lie side by side.
  package struct Pass {
    fileprivate let byDistance: Matrix<Scalar>
    fileprivate let longest: Int

    /// The columns of query i and so many keys.
    fileprivate func columns(query: Int, keys: Int) -> Range<Int> { longest - 1 - query..<longest - 1 - query + keys }

    /// Adds the biases of one head to an example's raw scores, which will be multiplied by `scale`.
    func add(to scores: Matrix<Scalar>, head: Int, scale: Scalar) {
      for query in 0..<scores.rows {
        LinearAlgebra.add(
          byDistance.row(head)[columns(query: query, keys: scores.columns)], scaledBy: 1 / scale, to: scores.row(query))
      }
    }
  }

  /// The gradient by distance of every column and example, summed over the layers: [S · examples · H, 2 · longest − 1].
  package struct Gradient {
    fileprivate let byDistance: Matrix<Scalar>
    fileprivate let pass: Pass
    fileprivate let heads: Int

    init(_ pass: Pass, columns: Int, examples: Int, in arena: Arena) {
      heads = pass.byDistance.rows
      byDistance = arena.matrix(columns * examples * heads, pass.byDistance.columns)
      byDistance.elements.clear()
      self.pass = pass
    }

    /// Adds the gradient at one head's raw scores of one example.
    ///
    /// - Parameter place: column · examples + example.
    func add(_ scores: Matrix<Scalar>, head: Int, scale: Scalar, place: Int) {
      let sums = byDistance.row(place * heads + head)
      for query in 0..<scores.rows {
        LinearAlgebra.add(
          scores.row(query), scaledBy: 1 / scale, to: sums[pass.columns(query: query, keys: scores.columns)])
      }
    }
  }

  /// Shows the table's gradient, all of its rows for each example.
  func backward(_ gradient: Gradient, examples: Int, in arena: Arena, show: Audience<Scalar>) {
    let (buckets, heads) = (table.rows, table.columns)
    let sums = arena.matrix(gradient.byDistance.rows / heads * buckets, heads, of: Scalar.self)
    sums.elements.clear()
    for place in 0..<gradient.byDistance.rows / heads {
      for column in 0..<gradient.byDistance.columns {
        let target = place * buckets + Self.bucket(gradient.pass.longest - 1 - column)
        for head in 0..<heads { sums[target, head] += gradient.byDistance[place * heads + head, column] }
      }
    }
    let rows = (0..<examples).flatMap { _ in (0..<buckets).map(Int32.init) }
    show.embeddings(
      [TableRows(component: .relativeBias, rows: rows)], sums,
      Segments(offsets: (0...examples).map { $0 * buckets }))
  }
}
