/// The layout of a symmetric matrix of which only the upper triangle is stored, row after row without gaps.
///
/// Entry (i, j ≥ i) of a matrix of order n is at i·n − i·(i − 1)/2 + (j − i): row i has n − i consecutive entries and
/// begins with its diagonal. This is the layout of Gram matrices in memory, between ranks and in files.
package struct PackedTriangle: Hashable, Sendable {
  /// The number of rows and of columns, n.
  package let order: Int

  package init(order: Int) {
    precondition(order >= 0, "a triangle needs a size")
    self.order = order
  }

  /// The number of stored entries, n(n + 1)/2.
  package var count: Int { order * (order + 1) / 2 }

  /// Where the entries (row, row ..< n) are.
  package func range(ofRow row: Int) -> Range<Int> {
    precondition(row >= 0 && row < order, "row outside the matrix")
    let start = row * order - row * (row - 1) / 2
    return start..<start + order - row
  }

  /// Where an entry of the symmetric matrix is, whichever triangle it is named in.
  package func index(_ row: Int, _ column: Int) -> Int {
    let (first, last) = (min(row, column), max(row, column))
    precondition(last < order, "column outside the matrix")
    return range(ofRow: first).lowerBound + last - first
  }

  /// Copies the upper triangle of a square matrix into a packed one.
  package func pack<Scalar: BitwiseCopyable>(_ a: Matrix<Scalar>, into packed: Vector<Scalar>) {
    precondition(a.rows == order && a.columns == order && packed.count == count, "a triangle of this order")
    for row in 0..<order {
      let range = range(ofRow: row)
      (packed.base + range.lowerBound).update(from: a.base + row * a.stride + row, count: range.count)
    }
  }

  /// Copies a packed triangle into the upper triangle of a square matrix, whose other entries stay as they are.
  package func unpack<Scalar: BitwiseCopyable>(_ packed: Vector<Scalar>, into a: Matrix<Scalar>) {
    precondition(a.rows == order && a.columns == order && packed.count == count, "a triangle of this order")
    for row in 0..<order {
      let range = range(ofRow: row)
      (a.base + row * a.stride + row).update(from: packed.base + range.lowerBound, count: range.count)
    }
  }
}
