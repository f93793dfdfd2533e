import Merging

/// A method with its settings, under the name that a comparison gives it.
struct ComparisonMethod {
  let name: String
  let method: Recipe.Method
  let rule: MergeRule

  /// Whether coefficients can be searched: RegMean++ would have to run as a whole for each trial.
  var isSearchable: Bool { method != .regMeanPlusPlus }

  /// Every method of both papers, with the settings that they are usually compared under, and ours.
  static let all: [ComparisonMethod] = [
    ComparisonMethod(name: "plain average", method: .linear, rule: .linear),
    ComparisonMethod(
      name: "Fisher, no norm", method: .fisher, rule: .fisher(DiagonalFisherRule(floor: 1e-6, normalize: .none))),
    ComparisonMethod(name: "Fisher, norm per tensor", method: .fisher, rule: .fisher(.standard)),
    ComparisonMethod(name: "mask, paper", method: .maskFisher, rule: .maskFisher(.fisherNodes)),
    ComparisonMethod(
      name: "mask, structural", method: .maskFisher,
      rule: .maskFisher(MaskFisherRule(rule: .structural, normalize: .none))),
    ComparisonMethod(name: "mask, structural, norm per model", method: .maskFisher, rule: .maskFisher(.standard)),
    ComparisonMethod(name: "RegMean, α 0.9", method: .regMean, rule: .regMean(.standard)),
    ComparisonMethod(name: "RegMean, α 1.0", method: .regMean, rule: .regMean(RegMeanRule(offDiagonal: 1))),
    ComparisonMethod(name: "RegMean++, α 0.9", method: .regMeanPlusPlus, rule: .regMean(.standard)),
  ]
}
