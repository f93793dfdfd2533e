/// How layers are merged by closed-form distillation in forward order.
///
/// The layers below the one that is solved are merged already and give its inputs x. Its weights are those whose outputs
/// come nearest to what each model's own layer puts out for the same row, in the sum of squares, with a ridge towards
/// each model's own weights and, under `lowRank`, with the output directions weighed by what the model's head sees of
/// them. `docs/mathematics.md` has the equations.
package struct DistillRule: Hashable, Sendable, Codable {
  /// How an error of a layer's outputs is measured.
  package enum Metric: String, Hashable, Sendable, Codable, CaseIterable {
    /// By the few directions that matter to each model's head, and a little by all.
    case lowRank = "low_rank"
    /// All directions count the same.
    case identity
  }

  package var metric: Metric
  /// r, how many directions are kept of each model.
  package var rank: Int
  /// β, the share of the metric that all directions have in common.
  package var beta: Double
  /// ρ, what is added to the diagonal of a model's matrix, relative to its mean diagonal.
  package var ridge: Double
  /// κ, the same times unknowns over rows: more where there are few rows.
  package var rowRidge: Double
  /// τ, the part of the first residual at which the iteration ends.
  package var tolerance: Double
  /// The most steps of the iteration.
  package var steps: Int
  /// How much the rows of a table of relative positions count in all against the tokens, where both go through one
  /// layer.
  package var tableRows: Double

  package init(
    metric: Metric = .lowRank, rank: Int = 16, beta: Double = 0.1, ridge: Double = 0.03, rowRidge: Double = 0.1,
    tolerance: Double = 0.03, steps: Int = 30, tableRows: Double = 0.5
  ) {
    self.metric = metric
    self.rank = rank
    self.beta = beta
    self.ridge = ridge
    self.rowRidge = rowRidge
    self.tolerance = tolerance
    self.steps = steps
    self.tableRows = tableRows
  }

  /// The default: what measured best on models of eight families (`docs/results.md`).
  package static let standard = DistillRule()

  /// What is added to the diagonal of a model's matrix of so many unknowns, as a multiple of its mean diagonal.
  func ridge(unknowns: Int, rows: Double) -> Double { ridge + rowRidge * Double(unknowns) / rows }
}
