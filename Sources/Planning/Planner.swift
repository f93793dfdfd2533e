import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import Merging
import ModelMerging
import Recipes
import Terminal
import Tokenizers

/// Makes plans. What was opened for one goes with it, and the planner is gone. On the root alone; what a plan is made
/// of may have been read by all ranks.
package enum Planner {
  /// Plans a merge, all by itself. **Not collective.**
  ///
  /// - Parameter console: where progress is shown: checking reads all weights and tokenises all examples.
  package static func plan(
    _ recipe: Recipe, console: Console? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> (plan: Plan, inputs: Inputs) {
    try check(recipe)
    let reader = InputReader(RunInputs(recipe, environment: environment))
    reader.expect(Array(recipe.models.indices))
    let progress = console.map {
      PhaseProgress("checking the inputs", total: recipe.models.count, unit: "models", console: $0)
    }
    defer { progress?.finish() }
    return try plan(recipe, environment: environment) { index in
      defer { progress?.advance(by: 1) }
      return try reader.read(index)
    }
  }

  /// Refuses settings that no model could make right.
  package static func check(_ recipe: Recipe) throws(MergingError) {
    _ = try Coefficients(
      recipe.models.map(\.weight), models: recipe.models.map(\.name), recipe.method.weights)
    _ = try MergeMethods.make(recipe.settings, models: recipe.models.count)
  }

  /// Plans a merge of models that are read one after the other, in the recipe's order.
  package static func plan(
    _ recipe: Recipe, environment: [String: String], read: (Int) throws -> ReadModel
  ) throws -> (plan: Plan, inputs: Inputs) {
    var sources: [Inputs.Source] = []
    var planned: [PlannedModel] = []
    var firstTokenizer = ""
    for (index, model) in recipe.models.enumerated() {
      let found = try read(index)
      if let first = sources.first,
        let (key, here, there) = first.model.configuration.firstDifference(from: found.source.model.configuration)
      {
        throw PlanError.incompatibleModels(
          first: recipe.models[0].name, second: model.name, key: key, values: [here, there])
      }
      if index == 0 {
        firstTokenizer = found.tokenizer
      } else if found.tokenizer != firstTokenizer,
        let difference = try sources[0].model.tokenizer().difference(from: found.source.model.tokenizer())
      {
        throw PlanError.incompatibleTokenizers(
          first: recipe.models[0].name, second: model.name, difference: difference)
      }
      sources.append(found.source)
      planned.append(found.planned)
    }
    var plan = Plan(
      method: recipe.settings, sampling: recipe.sampling,
      statistics: recipe.statistics, outputType: recipe.outputType, heads: recipe.heads,
      compatibility: recipe.compatibility, models: planned)
    try checkExpectations(plan)
    _ = try MergedHeads(plan.heads, of: sources.map(\.model), try plan.coefficients())
    guard let base = try base(of: recipe, sources[0].model, environment) else { return (plan, Inputs(sources)) }
    let hashes = try sources.first { $0.model.directory == base.directory }?.hashes ?? InputHashes(base.files)
    if recipe.method.needsBase {
      plan.base = PlannedBase(
        directory: base.directory.string, files: base.files.identities, sha256: hashes.files.map(\.sha256))
    }
    return (plan, Inputs(sources, base: (base, hashes)))
  }

  /// The common base, if the recipe names one.
  private static func base(
    of recipe: Recipe, _ model: StoredModel, _ environment: [String: String]
  ) throws -> BaseModel? {
    guard let name = recipe.baseModel else { return nil }
    let reference = try ModelReference.resolve(name, relativeTo: recipe.directory, environment: environment)
    let base = try BaseModel(directory: reference.directory, of: model) { configuration in
      guard let (key, here, there) = configuration.firstDifference(from: model.configuration) else { return }
      throw PlanError.incompatibleModels(
        first: "base_model", second: recipe.models[0].name, key: key, values: [here, there])
    }
    if recipe.method.needsBase { try base.requireFinite() }
    return base
  }

  /// Plans the estimation of one model's statistics. Its hashes are computed while the run goes on:
  /// ``Inputs/hashes(of:)``. **Not collective.**
  package static func plan(
    model reference: String, data: DataSource, statistics: [StatisticKind], sampling: Sampling,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> (plan: Plan, inputs: Inputs) {
    let resolved = try ModelReference.resolve(reference, relativeTo: ".", environment: environment)
    let inputs = ModelInputs(resolved.directory, reference: reference, data: data)
    let reader = InputReader(RunInputs(models: [inputs], sampling: sampling), hashesInBackground: true)
    let found = try reader.read(0)
    return (
      Plan(sampling: sampling, statistics: statistics, models: [found.planned]),
      Inputs([found.source], pendingHashes: reader.pendingHashes)
    )
  }

  /// Fishers under different expectations cannot be compared.
  private static func checkExpectations(_ plan: Plan) throws(PlanError) {
    guard plan.statistics.contains(where: \.needsGradients) else { return }
    let found = plan.models.map { $0.statistics?.expectation ?? plan.sampling.expectation.name }
    for (model, expectation) in zip(plan.models, found) where expectation != found[0] {
      throw .differentExpectations(
        first: plan.models[0].name, second: model.name, expectations: [found[0], expectation])
    }
  }
}
