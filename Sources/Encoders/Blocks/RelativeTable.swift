import Foundation
import LinearAlgebra
import Parameters

/// A table of vectors of relative positions, one for all layers, with a LayerNorm where the family has one: what
/// disentangled attention looks at beside tokens (He et al. 2021, arXiv 2006.03654, section 3.1).
///
/// Near distances have a row each, far ones share them in logarithmic steps.
package struct RelativeTable<Scalar: KernelScalar> {
  /// [2 · span, D]
  let table: Matrix<Scalar>
  let norm: Norm<Scalar>?
  let settings: EncoderConfiguration.Disentangled

  /// The row of the table for query i and key j, by i − j.
  func place(_ difference: Int) -> Int {
    let bucket: Int
    if let buckets = settings.buckets, abs(difference) > buckets / 2 {
      // In single precision, as the library does it.
      let middle = Float(buckets / 2)
      let share = log(Float(abs(difference)) / middle) / log(Float(Double(settings.farthest - 1) / Double(buckets / 2)))
      bucket = (Int((share * (middle - 1)).rounded(.up)) + buckets / 2) * difference.signum()
    } else {
      bucket = difference
    }
    return min(max(bucket + settings.span, 0), 2 * settings.span - 1)
  }

  /// All rows as the linear layers see them, [2 · span, D].
  func rows(in arena: Arena) -> Matrix<Scalar> {
    guard let norm else { return table }
    let out = arena.matrix(table.rows, table.columns, of: Scalar.self)
    _ = norm.forward(table, into: out, in: arena)
    return out
  }

  /// Makes what one forward pass needs, for examples of at most so many tokens.
  func pass(longest: Int, in arena: Arena) -> Pass {
    let first = place(1 - longest)
    let own = table.rows(first..<place(longest - 1) + 1)
    var rows = own
    var kept: Norm<Scalar>.Kept?
    if let norm {
      rows = arena.matrix(own.rows, own.columns)
      kept = norm.forward(own, into: rows, in: arena)
    }
    return Pass(
      rows: rows, norm: kept, first: first, longest: longest,
      places: (1 - longest..<longest).map { Int32(place($0) - first) })
  }

  /// The rows of the table that a batch's distances lead to.
  package struct Pass {
    /// As the linear layers see them, [n, D].
    let rows: Matrix<Scalar>
    fileprivate let norm: Norm<Scalar>.Kept?
    /// The first of them in the table.
    fileprivate let first: Int
    fileprivate let longest: Int
    /// By i − j, from 1 − longest to longest − 1: which of the rows.
    private let places: [Int32]

    fileprivate init(rows: Matrix<Scalar>, norm: Norm<Scalar>.Kept?, first: Int, longest: Int, places: [Int32]) {
      self.rows = rows
      self.norm = norm
      self.first = first
      self.longest = longest
      self.places = places
    }

    /// For an example of so many queries and keys: which rows it looks at, and the row of each i − j, from 1 − keys to
    /// queries − 1.
    func span(queries: Int, keys: Int) -> (rows: Range<Int>, places: ArraySlice<Int32>) {
      let own = places[longest - keys..<longest - 1 + queries]
      return (Int(own[own.startIndex])..<Int(own[own.endIndex - 1]) + 1, own)
    }

    /// The examples' rows, one example after the other.
    func segments(queries: Segments, keys: Segments) -> Segments {
      Segments(
        offsets: (0..<keys.count).reduce(into: [0]) {
          $0.append($0[$0.count - 1] + span(queries: queries[$1].count, keys: keys[$1].count).rows.count)
        })
    }

    /// The rows that each example looks at, one example after the other, [their number, D].
    func expanded(queries: Segments, keys: Segments, in arena: Arena) -> Matrix<Scalar> {
      let segments = segments(queries: queries, keys: keys)
      let out = arena.matrix(segments.rows, rows.columns, of: Scalar.self)
      for example in 0..<keys.count {
        let own = span(queries: queries[example].count, keys: keys[example].count).rows
        for (target, row) in zip(segments[example], own) { copy(rows.row(row), to: out.row(target)) }
      }
      return out
    }
  }

  /// The gradient at the rows that each example looks at, of every column, summed over the layers: [S · their number,
  /// D].
  package struct Gradient {
    let atRows: Matrix<Scalar>
    let segments: Segments

    init(_ pass: Pass, columns: Int, keys: Segments, in arena: Arena) {
      segments = pass.segments(queries: keys, keys: keys)
      atRows = arena.matrix(columns * segments.rows, pass.rows.columns)
      atRows.elements.clear()
    }

    /// Adds a layer's gradient; where its queries are first tokens only, of the first of each example's rows.
    func add(_ gradient: Matrix<Scalar>, _ own: Segments) {
      for column in 0..<atRows.rows / segments.rows {
        for example in 0..<segments.count {
          for (target, row) in zip(segments[example], own[example]) {
            LinearAlgebra.add(
              gradient.row(column * own.rows + row), to: atRows.row(column * segments.rows + target))
          }
        }
      }
    }
  }

  /// Shows the gradients of the LayerNorm and of the table's rows.
  func backward(
    _ pass: Pass, _ gradient: Gradient, keys: Segments, in arena: Arena, show: Audience<Scalar>
  ) {
    let rows = (0..<keys.count).flatMap { Array(pass.span(queries: keys[$0].count, keys: keys[$0].count).rows) }
    if let norm, let kept = pass.norm {
      norm.backward(kept.rows(rows, in: arena), gradient: gradient.atRows, gradient.segments, show: show)
    }
    show.embeddings(
      [TableRows(component: .relativeEmbeddings, rows: rows.map { Int32($0 + pass.first) })], gradient.atRows,
      gradient.segments)
  }
}
