import LinearAlgebra

extension GramMatrices {
  /// The floating-point operations for one row x of the inputs: of each panel of columns the product is formed from the top to the
  /// panel's lower end, so somewhat more than the triangle's n (n + 1).
  package static func operationsPerRow(inputs n: Int) -> Double {
    let width = Panels<Scalar>.width
    return stride(from: 0, to: n, by: width).reduce(0.0) { operations, left in
      let right = min(n, left + width)
      return operations + 2 * Double(right - left) * Double(right)
    }
  }
}
