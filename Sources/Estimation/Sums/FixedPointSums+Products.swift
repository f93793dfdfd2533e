import LinearAlgebra

extension FixedPointSums {
  /// Adds factor · Σ over examples of Aᵀ B over the example's rows to a tensor [columns of A, columns of B].
  ///
  /// The examples' products are summed in double, so that a term does not depend on which examples share a block.
  ///
  /// - Parameters:
  ///   - offsets: the rows of both that belong to example e are `offsets[e] ..< offsets[e + 1]`.
  ///   - rows: the columns of A that count; from a multiple of ``ProductTile/rows`` on. Nil for all.
  package func addProducts<Scalar: KernelScalar>(
    _ a: Panels<Scalar>, _ b: Panels<Scalar>, of offsets: [Int], times factor: Double = 1, to slot: Int,
    rows: Range<Int>? = nil, scratch: Arena
  ) {
    let rows = rows ?? 0..<a.columns
    let start = scratch.mark
    let memory = scratch.vector(ProductTile.count, of: Double.self)
    let unused = scratch.vector(0, of: Double.self)
    var magnitude = 0.0
    for left in stride(from: 0, to: b.columns, by: ProductTile.columns) {
      let columns = left..<min(b.columns, left + ProductTile.columns)
      let panels = Panels<Scalar>.containing(columns)
      for top in stride(from: rows.lowerBound, to: rows.upperBound, by: ProductTile.rows) {
        let own = top..<min(rows.upperBound, top + ProductTile.rows)
        let tile = ProductTile.matrix(columns: panels.count * Panels<Scalar>.width, in: memory)
        sumOuterProducts(a, rows: own, b, panels: panels, of: offsets, squared: false, into: tile, traces: unused)
        if factor != 1 { scale(tile.rows(0..<own.count).elements, by: factor) }
        let product = tile.rows(0..<own.count).columns(0..<columns.count)
        magnitude = max(
          magnitude, add(product, to: slot) { (top - rows.lowerBound + $0) * b.columns + left })
      }
    }
    close(slot, terms: 1, magnitude: magnitude)
    scratch.release(to: start)
  }

  /// Adds Σ over examples of Xᵀ X to a tensor that is a packed triangle (``PackedTriangle``), tile by tile, so that a tile
  /// stays in the cache while all examples pass over it.
  package func addGram<Scalar: KernelScalar>(_ x: Panels<Scalar>, of offsets: [Int], to slot: Int, scratch: Arena) {
    let start = scratch.mark
    let unused = scratch.vector(0, of: Double.self)
    addTriangle(of: x.columns, panelWidth: Panels<Scalar>.width, to: slot, scratch: scratch) { rows, panels, tile in
      sumOuterProducts(
        x, rows: rows, x, panels: panels, of: offsets, squared: false, isSymmetric: true, into: tile, traces: unused)
    }
    scratch.release(to: start)
  }

  /// Adds factor · AᵀB of a whole block to a tensor [columns of A, columns of B], summed over the block's rows in single
  /// precision: faster than example by example, for sums whose blocks are always the same.
  package func addBlockProducts(
    _ a: Matrix<Float>, _ b: Matrix<Float>, times factor: Double, to slot: Int, scratch: Arena
  ) {
    let start = scratch.mark
    let product = scratch.matrix(a.columns, b.columns, of: Float.self)
    multiply(a, b, into: product, transposeA: true)
    close(slot, terms: 1, magnitude: add(product.elements, times: factor, to: slot))
    scratch.release(to: start)
  }

  /// Adds XᵀX of a whole block to a tensor that is a packed triangle, as ``addBlockProducts(_:_:times:to:scratch:)`` does.
  package func addBlockGram(_ x: Matrix<Float>, to slot: Int, scratch: Arena) {
    let start = scratch.mark
    let product = scratch.matrix(x.columns, x.columns, of: Float.self)
    multiplyByItself(x, into: product)
    let layout = PackedTriangle(order: x.columns)
    var magnitude = 0.0
    for row in 0..<x.columns {
      magnitude = max(
        magnitude, add(product.row(row)[row..<x.columns], to: slot, at: layout.range(ofRow: row).lowerBound))
    }
    close(slot, terms: 1, magnitude: magnitude)
    scratch.release(to: start)
  }

  /// Adds the upper triangle of a symmetric n × n matrix, tile by tile.
  ///
  /// - Parameter fill: computes some rows and some panels of columns, in a tile of ``ProductTile/rows`` rows.
  func addTriangle(
    of n: Int, panelWidth width: Int, to slot: Int, scratch: Arena,
    fill: (_ rows: Range<Int>, _ panels: Range<Int>, _ tile: Matrix<Double>) -> Void
  ) {
    let memory = scratch.vector(ProductTile.count, of: Double.self)
    let layout = PackedTriangle(order: n)
    var magnitude = 0.0
    for left in stride(from: 0, to: n, by: ProductTile.columns) {
      let right = min(n, left + ProductTile.columns)
      for top in stride(from: 0, to: right, by: ProductTile.rows) {
        let rows = top..<min(n, top + ProductTile.rows)
        let first = max(left, top)
        let panels = first / width..<(right + width - 1) / width
        let tile = ProductTile.matrix(columns: panels.count * width, in: memory)
        fill(rows, panels, tile)
        for row in rows.lowerBound..<min(right, rows.upperBound) {
          let first = max(row, left)
          let base = panels.lowerBound * width
          let entries = tile.row(row - top)[first - base..<right - base]
          magnitude = max(magnitude, add(entries, to: slot, at: layout.index(row, first)))
        }
      }
    }
    close(slot, terms: 1, magnitude: magnitude)
  }
}
