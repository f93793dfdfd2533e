import LinearAlgebra

/// One tensor of a statistic: its name in files, its shape, and what its numbers are, from which follows what they can
/// be.
package struct StatisticTensor: Sendable, Hashable {
  package enum Role: Sendable, Hashable {
    /// Sums of numbers that are not negative, such as squares.
    case sums
    /// How often each token id occurs: their sum is the number of tokens.
    case counts
    /// Σ g (gᵀΩ) of the gradients g of so many outputs, with as many columns as Ω; see ``OutputMetric``. `trace` names the
    /// tensor of Σ ‖g‖².
    case outputSketch(outputs: Int, trace: String)
    /// Exactly 0: the sums of squared gradients of a parameter that the loss does not depend on.
    case zeros
    /// The packed upper triangle (``PackedTriangle``) of G = Σ x xᵀ, of so many inputs.
    case gram(order: Int, over: SummedRows)
    /// Σ x of the inputs whose G is the tensor of that name.
    case inputSums(of: String)
    /// The sum of all entries of the tensor of that name, or of the diagonal of a G.
    case trace(of: String)
    /// Σ over examples of the square of what each example gave to the entry of the tensor of that name; of its shape.
    case secondMoment(of: String)
  }

  package let name: String
  package let shape: [Int]
  package let role: Role

  package init(_ name: String, _ shape: [Int], _ role: Role = .sums) {
    self.name = name
    self.shape = shape
    self.role = role
  }

  package var count: Int { shape.reduce(1, *) }

  /// Whether a number below 0 is impossible.
  package var isNonNegative: Bool {
    switch role {
    case .sums, .counts, .trace, .secondMoment: true
    case .zeros, .gram, .inputSums, .outputSketch: false
    }
  }
}

/// What is summed over.
package enum SummedRows: Hashable, Sendable {
  /// Every token of every example, once for each of the layers that share parameters.
  case tokens(uses: Int)
  /// One row of each example.
  case examples
}
