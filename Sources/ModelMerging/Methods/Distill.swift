import Estimation
import Merging

/// `distill`: linear layers in forward order, towards the models' own outputs on the merged layers' inputs.
struct Distill: MergeMethod {
  static let declaration = MethodDeclaration(
    name: "distill",
    summary:
      "layer by layer, the weights that take what the merged layers below give nearest to the models' own outputs, in the directions that their heads see",
    statistics: { $0.word("output_metric", as: DistillRule.Metric.self) == .lowRank ? ["output_metric"] : [] },
    isLayerwise: true, settings: DistillRule.settings,
    variants: [.init("distill, identity", ["output_metric": .word("identity")]), .init("distill")])

  private let rule: DistillRule

  init(_ settings: MethodSettings, models: Int) { rule = DistillRule(settings) }

  var phase: MergePhase { .distillation(rule) }

  func prepare(_ inputs: MergeInputs) -> any MergePreparation {
    preconditionFailure("all ranks merge layer by layer together")
  }
}

extension DistillRule {
  /// The keys of `distill`.
  static let settings: [SettingDeclaration] = [
    .init(
      "output_metric",
      SettingDeclaration.words(of: Metric.self) {
        switch $0 {
        case .lowRank: "the output directions that each model's head sees count most"
        case .identity: "all output directions count the same; no gradients are needed"
        }
      }, .word(standard.metric.rawValue)),
    .init(
      "rank", .integer(1...OutputSketch.mostColumns), .number(Double(standard.rank)),
      "directions of each model; with `low_rank`"),
    .init(
      "beta", .number(0.001...1, text: "a number from 0.001 to 1"), .number(standard.beta),
      "β: the share of the metric that all directions have in common; with `low_rank`"),
    .init(
      "ridge", SettingDeclaration.nonNegative, .number(standard.ridge),
      "ρ: what ties the solution to each model's own weights, relative to the mean diagonal"),
    .init(
      "row_ridge", SettingDeclaration.nonNegative, .number(standard.rowRidge),
      "κ: the same times unknowns over rows, so that few examples bind more"),
    .init(
      "tolerance", .number(1e-12...1, text: "a number from 1e-12 to 1"), .number(standard.tolerance),
      "τ: the part of the first residual at which the iteration ends; with `low_rank`"),
    .init("cg_steps", .integer(1...1000), .number(Double(standard.steps)), "the most steps of the iteration"),
    .init(
      "table_rows", SettingDeclaration.nonNegative, .number(standard.tableRows),
      "how much a table of relative positions counts against the tokens where both go through one layer (DeBERTa)"),
  ]

  init(_ settings: MethodSettings) {
    self.init(
      metric: settings.word("output_metric", as: Metric.self), rank: Int(settings.number("rank")),
      beta: settings.number("beta"), ridge: settings.number("ridge"), rowRidge: settings.number("row_ridge"),
      tolerance: settings.number("tolerance"), steps: Int(settings.number("cg_steps")),
      tableRows: settings.number("table_rows"))
  }
}
