import Encoders
import LinearAlgebra

/// The Gram matrix of a model's table of relative positions, as its linear layers see the rows: no example is needed
/// for it.
final class TableGram {
  /// The rows of the table.
  let rows: Int
  /// Σ r, [D].
  let columnSums: Buffer<Double>
  /// The packed triangle of Σ r rᵀ (``PackedTriangle``).
  let packed: Buffer<Double>

  /// - Parameter replaced: what takes the place of the model's own parameters, by name.
  init(of model: StoredModel, replacing replaced: [String: Buffer<Float>]) throws {
    let table = try model.relativeTableRows(replacing: replaced)
    let (rows, width) = (table.rows, table.columns)
    let wide = Buffer<Double>(count: rows * width)
    let square = Buffer<Double>(count: width * width)
    let values = wide.vector.matrix(rows: rows, columns: width)
    withExtendedLifetime(table) {
      for row in 0..<rows { add(table.values.vector[row * width..<(row + 1) * width], toWide: values.row(row)) }
    }
    let gram = square.vector.matrix(rows: width, columns: width)
    multiply(values, values, into: gram, transposeA: true)
    let layout = PackedTriangle(order: width)
    self.rows = rows
    columnSums = Buffer(count: width)
    packed = Buffer(count: layout.count)
    for row in 0..<rows { add(values.row(row), to: columnSums.vector) }
    for row in 0..<width {
      let first = layout.index(row, row)
      copy(gram.row(row)[row..<width], to: packed.vector[first..<first + width - row])
    }
    withExtendedLifetime((wide, square)) {}
  }
}
