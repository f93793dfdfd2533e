import LinearAlgebra

extension Matrix<Float> {
  /// The same with a last column of ones: the input of a layer whose bias is one more unknown.
  func withOnes(in scratch: Arena) -> Matrix<Float> {
    let wide = scratch.matrix(rows, columns + 1, of: Float.self)
    for row in 0..<rows {
      copy(self.row(row), to: wide.row(row)[0..<columns])
      wide[row, columns] = 1
    }
    return wide
  }
}
