import Merging

/// `ties`: task arithmetic of the largest differences, of those models that agree on the sign.
struct Ties: MergeMethod {
  static let declaration = MethodDeclaration(
    name: "ties",
    summary: "the base plus λ times the mean of the models' largest differences that agree with the elected sign",
    source: "Yadav et al. 2023, arXiv 2306.01708", needsBase: true, weights: .factors,
    settings: [
      .init("lambda", SettingDeclaration.finite, .number(1), "λ, what the mean of the differences is multiplied by"),
      .init(
        "normalize", .flag, .flag(true), "whether the sum of the agreeing is divided by the sum of their weights"),
    ],
    modelSettings: [
      .init(
        "density", .number(Double.leastNonzeroMagnitude...1, text: "a number above 0, at most 1"), .number(1),
        "the share of a tensor's differences that is kept: those of largest magnitude")
    ])

  private let rule: TaskVectorRule
  private let settings: MethodSettings

  init(_ settings: MethodSettings, models: Int) {
    rule = TaskVectorRule(
      scale: settings.number("lambda"), normalizes: settings.flag("normalize"), electsSigns: true)
    self.settings = settings
  }

  func prepare(_ inputs: MergeInputs) -> any MergePreparation {
    TaskVectorPreparation(
      rule: rule, inputs: inputs, densities: inputs.models.indices.map { settings.number("density", model: $0) })
  }
}
