import CKernels

/// A matrix X that is multiplied with few rows on its left, many times: C = A X.
///
/// OpenBLAS brings X into a shape of its own for every product, which takes several times as long as the product where A
/// has some twenty rows. Here X is brought into shape once, in single precision: in panels of 32 columns, each with the
/// rows in which it is not zero. Pieces of 128 products are summed in single precision, and the pieces in double; a row
/// of C has the same bits whatever rows are beside it. OpenBLAS's threads have no part in it.
package final class PackedMatrix {
  /// What is known of a matrix.
  package enum Form: Sendable {
    case whole
    /// Only what is on and above the diagonal is read; the rest is the same.
    case symmetric
    /// Only what is on and above the diagonal is read; the rest is zero.
    case upperTriangle
    /// The transpose of an upper triangle.
    case transposedUpperTriangle
  }

  package let rows: Int
  package let columns: Int
  private let memory: Buffer<Float>
  /// The rows of each panel, and where they begin.
  private let panels: [(rows: Range<Int>, start: Int)]
  private static let width = ck_packed_columns

  /// Rounds a matrix to single precision.
  package init(rounding x: Matrix<Double>, _ form: Form = .whole) {
    precondition(form == .whole || x.rows == x.columns, "a triangle is of a square matrix")
    (rows, columns) = (x.rows, x.columns)
    var (panels, count): ([(rows: Range<Int>, start: Int)], Int) = ([], 0)
    for left in stride(from: 0, to: x.columns, by: Self.width) {
      let own = Self.rows(of: x, left, form)
      panels.append((own, count))
      count += own.count * Self.width
    }
    self.panels = panels
    memory = Buffer(count: count)
    for (index, panel) in panels.enumerated() {
      let part = index * Self.width..<min(x.columns, (index + 1) * Self.width)
      for row in panel.rows {
        let start = panel.start + (row - panel.rows.lowerBound) * Self.width
        Self.round(x, form, row: row, part, into: memory.vector[start..<start + part.count])
      }
    }
  }

  /// The rows in which the panel from a column on is not zero.
  private static func rows(of x: Matrix<Double>, _ left: Int, _ form: Form) -> Range<Int> {
    switch form {
    case .whole, .symmetric: 0..<x.rows
    case .upperTriangle: 0..<min(x.rows, left + width)
    case .transposedUpperTriangle: left..<x.rows
    }
  }

  private static func round(
    _ x: Matrix<Double>, _ form: Form, row: Int, _ part: Range<Int>, into target: Vector<Float>
  ) {
    // From here on the entries stand in the row; before it they stand in the column of that number, or are zero.
    let own = form == .whole ? part.lowerBound : min(max(row, part.lowerBound), part.upperBound)
    if form == .symmetric || form == .transposedUpperTriangle {
      for column in part.lowerBound..<own { target[column - part.lowerBound] = Float(x[column, row]) }
    }
    if form == .transposedUpperTriangle {
      if part.contains(row) { target[row - part.lowerBound] = Float(x[row, row]) }
    } else if own < part.upperBound {
      narrow(x.row(row)[own..<part.upperBound], into: target[own - part.lowerBound..<part.count])
    }
  }

  /// The bytes that a packed matrix takes at most.
  package static func bytes(rows: Int, columns: Int) -> Int {
    (columns + width - 1) / width * width * rows * MemoryLayout<Float>.stride
  }

  /// C = A X.
  ///
  /// - Parameters:
  ///   - a: [m, k]; rounded to single precision.
  ///   - c: [m, n]; must not overlap A.
  package func multiply(_ a: Matrix<Double>, into c: Matrix<Double>) {
    precondition(a.columns == rows && c.rows == a.rows && c.columns == columns, "the shapes of a product must fit")
    guard c.count > 0, rows > 0 else { return }
    let (side, width) = (ck_packed_rows, Self.width)
    let groups = (a.rows + side - 1) / side
    let left = Buffer<Float>(count: groups * rows * side)
    for row in 0..<a.rows {
      let start = row / side * rows * side + row % side
      for index in 0..<rows { left.vector[start + index * side] = Float(a[row, index]) }
    }
    let products = Buffer<Double>(count: groups * side * width)
    for (index, panel) in panels.enumerated() {
      ck_multiply_panel(
        left.vector.base + panel.rows.lowerBound * side, rows, groups * side, memory.vector.base + panel.start,
        panel.rows.count, products.vector.base)
      let part = index * width..<min(columns, (index + 1) * width)
      for row in 0..<a.rows {
        copy(products.vector[row * width..<row * width + part.count], to: c.row(row)[part])
      }
    }
    withExtendedLifetime((products, left, memory)) {}
  }
}
