/// How one system was solved, for the output and the manifest.
package struct SolveReport: Hashable, Sendable, Codable {
  /// The weight tensors that were solved for.
  package let tensors: [String]
  /// What had to be added to the diagonal, relative to the mean diagonal; nil where nothing was.
  package let ridge: Double?
  /// An estimate of the condition number in the 1-norm of the matrix that was factorised, ridge included; the largest
  /// Double where it cannot be told from infinity.
  package let condition: Double
  /// The inputs that are zero in all of all models' data, whose weights are plain averages.
  package let deadInputs: Int
  /// Of what was solved by steps; nil where it was not.
  package var iteration: Iteration?

  package struct Iteration: Hashable, Sendable, Codable {
    package let steps: Int
    /// The norm of what is left over that of the first residual.
    package let residual: Double

    package init(steps: Int, residual: Double) { (self.steps, self.residual) = (steps, residual) }
  }

  package init(
    tensors: [String], ridge: Double? = nil, condition: Double, deadInputs: Int = 0, iteration: Iteration? = nil
  ) {
    self.tensors = tensors
    self.ridge = ridge
    self.condition = condition
    self.deadInputs = deadInputs
    self.iteration = iteration
  }
}
