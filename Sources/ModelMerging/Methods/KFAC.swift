import Merging

/// `kfac`: linear layers by Kronecker factors of their Fisher information, everything else by its diagonal.
struct KFAC: MergeMethod {
  static let declaration = MethodDeclaration(
    name: "kfac",
    summary: "linear layers by Kronecker factors of their Fisher information, every other weight by its diagonal",
    source: "MaTS; Tam et al. 2023, arXiv 2312.04339", statistics: { _ in ["kfac", "gram", "fisher"] },
    settings: KFACRule.settings, variants: [.init("K-FAC")])

  /// Of what is not solved for: each model's Fisher by its trace.
  private static let rest = DiagonalFisherRule(floor: 0, normalize: .trace)

  private let rule: KFACRule

  init(_ settings: MethodSettings, models: Int) { rule = KFACRule(settings) }

  func prepare(_ inputs: MergeInputs) throws -> any MergePreparation {
    KFACPreparation(rule: rule, inputs: inputs, rest: try Fisher(Self.rest).prepare(inputs))
  }
}

private struct KFACPreparation: MergePreparation {
  let rule: KFACRule
  let inputs: MergeInputs
  let rest: any MergePreparation

  func merge(by coefficients: Coefficients) throws -> any ParameterMerge {
    let layers = KFACMerge(
      rule: rule, coefficients: coefficients, models: inputs.models, statistics: inputs.readers)
    return SolvedMerge(try layers.solve(), rest: try rest.merge(by: coefficients))
  }
}

extension KFACRule {
  /// The keys of `kfac`.
  fileprivate static let settings: [SettingDeclaration] = [
    .init(
      "cg_steps", .integer(0...10_000), .number(Double(standard.steps)),
      "the most steps of conjugate gradients, from RegMean's solution on"),
    .init(
      "tolerance", .number(0...1, text: "a number from 0 to 1"), .number(standard.tolerance),
      "the part of the first residual at which they end"),
  ]

  fileprivate init(_ settings: MethodSettings) {
    self.init(steps: Int(settings.number("cg_steps")), tolerance: settings.number("tolerance"))
  }
}
