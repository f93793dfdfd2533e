import Merging

/// `task_arithmetic`: what fine-tuning changed, added up on the base.
struct TaskArithmetic: MergeMethod {
  static let declaration = MethodDeclaration(
    name: "task_arithmetic",
    summary: "the base plus λ times the weighted sum of the models' differences from it",
    source: "Ilharco et al. 2023, arXiv 2212.04089", needsBase: true, weights: .factors,
    settings: [
      .init("lambda", SettingDeclaration.finite, .number(1), "λ, what the sum of the differences is multiplied by"),
      .init("normalize", .flag, .flag(false), "whether the sum is divided by the sum of the weights"),
    ])

  private let rule: TaskVectorRule

  init(_ settings: MethodSettings, models: Int) {
    rule = TaskVectorRule(
      scale: settings.number("lambda"), normalizes: settings.flag("normalize"), electsSigns: false)
  }

  func prepare(_ inputs: MergeInputs) -> any MergePreparation {
    TaskVectorPreparation(rule: rule, inputs: inputs, densities: inputs.models.map { _ in 1 })
  }
}

/// Task vectors need nothing but the models and their base.
struct TaskVectorPreparation: MergePreparation {
  let rule: TaskVectorRule
  let inputs: MergeInputs
  let densities: [Double]

  func merge(by coefficients: Coefficients) throws -> any ParameterMerge {
    try TaskVectorMerge(rule, inputs, by: coefficients, densities: densities)
  }
}
