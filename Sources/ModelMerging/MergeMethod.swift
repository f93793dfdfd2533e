import Merging

/// A merge method with its settings. One file and one line of ``MergeMethods`` make one.
package protocol MergeMethod: Sendable {
  static var declaration: MethodDeclaration { get }

  /// Takes settings that were made from the declaration.
  ///
  /// - Throws: ``MergingError`` for settings that do not go together.
  init(_ settings: MethodSettings, models: Int) throws(MergingError)

  /// What the ranks do together before parameters can be merged.
  var phase: MergePhase { get }

  /// Whatever does not depend on the coefficients, done once for all that will be tried. Reads statistics. Not
  /// collective.
  func prepare(_ inputs: MergeInputs) throws -> any MergePreparation
}

extension MergeMethod {
  package var phase: MergePhase { .none }
}

/// What the ranks do together before a method's parameters can be merged on the root.
package enum MergePhase: Sendable {
  /// Nothing: every parameter comes from models and statistics as they are.
  case none
  /// Linear systems from the models' statistics, dealt out over the ranks.
  case systems(RegMeanRule)
  /// Layer after layer, each from statistics of the merged layers below.
  case layers(RegMeanRule)
  /// The same, towards the models' own outputs.
  case distillation(DistillRule)
}

/// A method with the statistics of its models, waiting for coefficients. Not collective.
package protocol MergePreparation {
  /// How large each model's statistic is, in one number; nil for a method that looks at none as a whole.
  var magnitude: StatisticMagnitude? { get }

  /// A merge by some coefficients. What an earlier one gave stays valid.
  func merge(by coefficients: Coefficients) throws -> any ParameterMerge
}

extension MergePreparation {
  package var magnitude: StatisticMagnitude? { nil }
}

/// One number for the statistic of each model.
package struct StatisticMagnitude: Sendable {
  /// In tables, such as "u".
  package let name: String
  /// In the manifest, such as `mean_mask_fisher`.
  package let key: String
  /// In recipe order.
  package let values: [Double]
}
