/// How linear layers are merged by Kronecker factors of their Fisher information (Tam et al. 2023, arXiv 2312.04339).
///
/// ``KFACSystem`` has the equations.
package struct KFACRule: Hashable, Sendable, Codable {
  /// The most steps of conjugate gradients.
  package var steps: Int
  /// The part of the first residual at which the iteration ends; 0 for none.
  package var tolerance: Double

  package init(steps: Int = 30, tolerance: Double = 0) {
    self.steps = steps
    self.tolerance = tolerance
  }

  /// The default: so few steps, without damping, that what no data determine stays near where the iteration starts.
  package static let standard = KFACRule()
}
