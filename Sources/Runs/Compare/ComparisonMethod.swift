import Estimation
import Merging
import ModelMerging

/// A method with its settings, under the name that a comparison gives it.
struct ComparisonMethod {
  let name: String
  let settings: MethodSettings
  let declaration: MethodDeclaration

  /// What the methods declare, in their order: those of both papers with the settings that they are usually compared
  /// under, and ours.
  static let all: [ComparisonMethod] = MergeMethods.declarations.flatMap { declaration in
    declaration.variants.map {
      ComparisonMethod(name: $0.name, settings: MethodSettings(declaration, $0.values), declaration: declaration)
    }
  }

  /// The statistics that it weighs models by.
  var statistics: [StatisticKind] { StatisticKind.named(declaration.statistics(settings)) }
}
