import LinearAlgebra

/// A task's classifier, solved anew for the features that a merged encoder gives it.
///
/// min over W of Σ ‖W x − z‖² + d ‖W − W₀‖²: x are the features, with a last 1 where the classifier has a bias, z the
/// logits of the task's own model on the same example, W₀ its own classifier. So W = (ZᵀX + d W₀)(XᵀX + d I)⁻¹; d is
/// ``ridge`` times the mean diagonal of XᵀX. No label is looked at.
package struct ClassifierSystem {
  /// d by the mean diagonal of XᵀX: what was best on real checkpoints. Far more keeps the own classifier, far less
  /// follows few examples.
  package static let ridge = 0.01

  /// XᵀX, [n, n], its upper triangle; lost.
  package let gram: Matrix<Double>
  /// ZᵀX, [C, n]; becomes W.
  package let products: Matrix<Double>

  package init(gram: Matrix<Double>, products: Matrix<Double>) {
    precondition(gram.rows == gram.columns && products.columns == gram.rows, "a row for each output")
    (self.gram, self.products) = (gram, products)
  }

  /// Solves in place.
  ///
  /// - Parameters:
  ///   - own: W₀, [C, n].
  ///   - tensor: the classifier's weight, for messages.
  package func solve(own: Matrix<Double>, tensor: String) throws(MergingError) -> SolveReport {
    let order = gram.rows
    let ridge = Self.ridge * (0..<order).reduce(0) { $0 + gram[$1, $1] } / Double(order)
    // Features that are all 0 say nothing, and the own classifier stays.
    guard ridge > 0 else {
      copy(own.elements, to: products.elements)
      return SolveReport(tensors: [tensor], condition: 1, deadInputs: order)
    }
    for row in 0..<order { gram[row, row] += ridge }
    for row in 0..<products.rows { add(own.row(row), scaledBy: ridge, to: products.row(row)) }
    let factor: Cholesky
    do throws(Cholesky.NotPositiveDefinite) { factor = try Cholesky(factoring: gram) } catch {
      throw .singularGram(tensor: tensor, input: error.row, ridge: Self.ridge)
    }
    factor.solve(products)
    return SolveReport(tensors: [tensor], condition: 1 / max(factor.reciprocalCondition(), .leastNormalMagnitude))
  }
}
