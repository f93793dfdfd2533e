import Merging

/// `regmean++`: RegMean whose statistics are of the merged layers below.
struct RegMeanPlusPlusMethod: MergeMethod {
  static let declaration = MethodDeclaration(
    name: "regmean++",
    summary: "RegMean layer by layer, each on what the merged layers below give",
    source: "RegMean++, arXiv 2508.03121", isLayerwise: true, settings: RegMeanRule.settings,
    variants: [.init("RegMean++, α 0.9")])

  private let rule: RegMeanRule

  init(_ settings: MethodSettings, models: Int) throws(MergingError) { rule = try RegMeanRule(settings) }

  var phase: MergePhase { .layers(rule) }

  func prepare(_ inputs: MergeInputs) -> any MergePreparation {
    preconditionFailure("all ranks merge layer by layer together")
  }
}
