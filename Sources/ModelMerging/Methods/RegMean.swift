import Merging

/// `regmean`: linear layers by least squares on the models' own inputs.
package struct RegMean: MergeMethod {
  package static let declaration = MethodDeclaration(
    name: "regmean",
    summary: "linear layers whose outputs come nearest to each model's own on that model's inputs; the rest averaged",
    source: "RegMean; Jin et al. 2022, arXiv 2212.09849",
    statistics: {
      $0.word("embeddings", as: RegMeanRule.Embeddings.self) == .counts ? ["gram", "token_counts"] : ["gram"]
    }, settings: RegMeanRule.settings,
    variants: [.init("RegMean, α 0.9"), .init("RegMean, α 1.0", ["off_diagonal": .number(1)])])

  private let rule: RegMeanRule

  package init(_ settings: MethodSettings, models: Int) throws(MergingError) { rule = try RegMeanRule(settings) }

  package var phase: MergePhase { .systems(rule) }

  package func prepare(_ inputs: MergeInputs) throws -> any MergePreparation { try RegMeanPreparation(rule, inputs) }
}

/// RegMean on one rank: what does not depend on λ is kept where it fits into memory.
private struct RegMeanPreparation: MergePreparation {
  private let rule: RegMeanRule
  private let inputs: MergeInputs
  private let systems: [LinearSystem]
  /// c_j W_j G̃_j of every system and model; empty where they would take too much memory, or are used once.
  private var products: [[RegMeanProducts]] = []

  /// The most memory for products that are kept, in bytes: above it they are formed in every trial.
  private static let largestCache = 2_000_000_000

  init(_ rule: RegMeanRule, _ inputs: MergeInputs) throws {
    self.rule = rule
    self.inputs = inputs
    systems = LinearSystem.all(of: inputs.parameters, rule: rule)
    let bytes = systems.reduce(0) { $0 + 8 * $1.outputs * ($1.inputs + 1) * inputs.models.count }
    guard inputs.isRepeated, bytes <= Self.largestCache else { return }
    let solver = solver(try Coefficients.uniform(models: inputs.names))
    products = try systems.map { try solver.products(of: $0) }
  }

  private func solver(_ coefficients: Coefficients) -> RegMeanMerge {
    RegMeanMerge(rule: rule, coefficients: coefficients, models: inputs.models, statistics: inputs.readers)
  }

  func merge(by coefficients: Coefficients) throws -> any ParameterMerge {
    let solver = solver(coefficients)
    var solution = SolvedLayers()
    for (index, system) in systems.enumerated() {
      try solver.solve(system, products: products.isEmpty ? nil : products[index], into: &solution)
    }
    solution.tokenRows = try solver.tokenRows()
    return SolvedMerge(inputs.models, by: coefficients, solution)
  }
}

extension RegMeanRule {
  /// The keys of `regmean` and `regmean++`.
  static let settings: [SettingDeclaration] = [
    .init(
      "off_diagonal", .number(0...1, text: "a number from 0 to 1"), .number(standard.offDiagonal),
      "α: what is off the diagonal of a Gram matrix is multiplied by it"),
    .init(
      "weighting",
      SettingDeclaration.words(of: Weighting.self) {
        switch $0 {
        case .perRow: "each model's matrix is divided by its number of inputs"
        case .sum: "every input of every model counts the same"
        }
      }, .word(standard.weighting.rawValue)),
    .init(
      "ridge", SettingDeclaration.nonNegative, .number(standard.ridge),
      "what is added to the diagonal where the factorisation fails, relative to the mean diagonal; tenfold up to four times"
    ),
    .init(
      "bias",
      SettingDeclaration.words(of: Bias.self) {
        switch $0 {
        case .mean: "averaged"
        case .joint: "solved for with the weights"
        }
      }, .word(standard.bias.rawValue)),
    .init(
      "pooler",
      SettingDeclaration.words(of: Pooler.self) {
        switch $0 {
        case .regmean: "merged like all linear layers"
        case .mean: "averaged"
        }
      }, .word(standard.pooler.rawValue)),
    .init(
      "embeddings",
      SettingDeclaration.words(of: Embeddings.self) {
        switch $0 {
        case .counts: "each token's row is averaged by how often the models' examples have it"
        case .mean: "averaged"
        }
      }, .word(standard.embeddings.rawValue)),
    .init(
      "table_rows", SettingDeclaration.nonNegative, .number(standard.tableRows),
      "how much a table of relative positions counts against the tokens where both go through one layer (DeBERTa); 0 leaves it out"
    ),
  ]

  init(_ settings: MethodSettings) throws(MergingError) {
    self.init(
      offDiagonal: settings.number("off_diagonal"), weighting: settings.word("weighting", as: Weighting.self),
      ridge: settings.number("ridge"), bias: settings.word("bias", as: Bias.self),
      pooler: settings.word("pooler", as: Pooler.self), embeddings: settings.word("embeddings", as: Embeddings.self),
      tableRows: settings.number("table_rows"))
    try validate()
  }
}
