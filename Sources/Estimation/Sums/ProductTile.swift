import LinearAlgebra

/// The part of a block's sum of products that is computed at once: it stays in the second-level cache, with the
/// operands' panels.
enum ProductTile {
  /// A multiple of a panel's columns.
  static let rows = 64
  /// A multiple of ``rows``; long enough that adding a row to the sums streams.
  static let columns = 768
  static let count = rows * columns

  /// A tile of so many columns.
  static func matrix(columns: Int, in memory: Vector<Double>) -> Matrix<Double> {
    memory[0..<rows * columns].matrix(rows: rows, columns: columns)
  }
}
