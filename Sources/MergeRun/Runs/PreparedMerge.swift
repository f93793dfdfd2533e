import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// What the root has opened.
struct PreparedMerge {
  let recipe: Recipe
  var planner: Planner

  /// A merge by the statistics in files, none for a method that needs none.
  func merge(_ plan: Plan, _ files: [[FilePath]]) throws -> MergedParameters {
    let sources = planner.sources.map(\.model)
    switch plan.rule {
    // RegMean reads its statistics where it solves.
    case .linear, .regMean: return try MergedParameters(plan: plan, sources: sources)
    case .fisher, .maskFisher:
      let readers = try zip(planner.sources, files).map { try $0.statistics ?? StatisticsFile.open($1) }
      return try MergedParameters(plan: plan, sources: sources, readers: readers)
    }
  }

  /// Refuses a choice of coefficients by the examples that only the report may see, whatever the file is called.
  func requireSeparateTests() throws(RunError) {
    let tests = Set(planner.plan.models.compactMap(\.test?.digest))
    for (model, planned) in zip(recipe.models, planner.plan.models) {
      guard let digest = planned.validation?.digest, tests.contains(digest) else { continue }
      throw .validationIsTest(recipe.path, line: model.line, model: model.name)
    }
  }
}
