extension GramMatrices {
  /// The floating-point operations for one row x of the inputs: of each band of tile rows the product is formed from the diagonal
  /// tile to the right end, so somewhat more than the triangle's n (n + 1).
  package static func operationsPerRow(inputs n: Int) -> Double {
    stride(from: 0, to: n, by: tileRows).reduce(0) { operations, top in
      operations + 2 * Double(min(tileRows, n - top)) * Double(n - top)
    }
  }
}
