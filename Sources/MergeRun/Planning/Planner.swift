import Parameters
import Checkpoints
import Datasets
import Diagnostics
import Encoders
import Estimation
import Foundation
import Merging
import SystemPackage
import Tokenizers

/// Makes the plan, and keeps what was opened for it. On the root alone; what it is made of may have been read by all ranks
/// (``SharedInputs``).
package struct Planner {
  /// A model that was opened, with the examples that were chosen for it.
  package struct Source {
    package let model: StoredModel
    /// Nil where the method needs none, and once they were used.
    package internal(set) var examples: TokenizedExamples?
    /// Nil where there are none in the recipe.
    let validation: TokenizedExamples?
    let test: TokenizedExamples?
    /// The statistics in place of examples, as they were checked. Nil where another rank has checked them.
    let statistics: CombinedStatistics?
    /// Nil for an evaluation, and while they are computed.
    fileprivate(set) var hashes: InputHashes?
  }

  package private(set) var plan: Plan
  /// In recipe order.
  package private(set) var sources: [Source]
  /// The model named as `base_model`, if any.
  package let base: StoredModel?
  /// The hashes of the only source, while they are computed.
  private var pendingHashes: PendingHashes?

  /// Plans a merge, all by itself. **Not collective.**
  ///
  /// - Parameter console: where progress is shown: checking reads all weights and tokenises all examples.
  package init(
    _ recipe: Recipe, console: Console? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    try Self.check(recipe)
    let reader = InputReader(RunInputs(recipe, environment: environment))
    reader.expect(Array(recipe.models.indices))
    let progress = console.map {
      Progress("checking the inputs", total: recipe.models.count, unit: "models", console: $0)
    }
    defer { progress?.finish() }
    try self.init(recipe, environment: environment) { index in
      defer { progress?.advance(by: 1) }
      return try reader.read(index)
    }
  }

  /// Refuses settings that no model could make right.
  static func check(_ recipe: Recipe) throws {
    let weights = recipe.models.map(\.weight)
    _ = try Coefficients(weights, models: recipe.models.map(\.name))
    switch recipe.rule {
    case .fisher(let rule): try rule.validate(models: weights.count)
    case .regMean(let rule): try rule.validate()
    case .linear, .maskFisher: break
    }
  }

  /// Plans a merge of models that are read one after the other, in the recipe's order.
  init(_ recipe: Recipe, environment: [String: String], read: (Int) throws -> ReadModel) throws {
    var sources: [Source] = []
    var planned: [PlannedModel] = []
    var firstTokenizer = ""
    for (index, model) in recipe.models.enumerated() {
      let found = try read(index)
      if let first = sources.first,
        let (key, here, there) = first.model.configuration.firstDifference(from: found.source.model.configuration)
      {
        throw RunError.incompatibleModels(
          first: recipe.models[0].name, second: model.name, key: key, values: [here, there])
      }
      if index == 0 {
        firstTokenizer = found.tokenizer
      } else if found.tokenizer != firstTokenizer,
        let difference = try Tokenizer(directory: sources[0].model.directory).difference(
          from: Tokenizer(directory: found.source.model.directory))
      {
        throw RunError.incompatibleTokenizers(
          first: recipe.models[0].name, second: model.name, difference: difference)
      }
      sources.append(found.source)
      planned.append(found.planned)
    }
    base = try recipe.baseModel.map { name in
      let reference = try ModelReference.resolve(name, relativeTo: recipe.directory, environment: environment)
      let model = try StoredModel(directory: reference.directory)
      if let (key, here, there) = model.configuration.firstDifference(from: planned[0].configuration) {
        throw RunError.incompatibleModels(
          first: "base_model", second: recipe.models[0].name, key: key, values: [here, there])
      }
      return model
    }
    self.sources = sources
    plan = Plan(
      method: recipe.method, rule: recipe.rule, preset: recipe.preset, sampling: recipe.sampling,
      statistics: recipe.method.statistic.map { [$0] } ?? [], outputType: recipe.outputType, heads: recipe.heads,
      compatibility: recipe.compatibility, models: planned)
    try Self.checkExpectations(plan)
    _ = try MergedHeads(plan.heads, sources: sources.map(\.model), models: planned)
  }

  /// Plans the estimation of one model's statistics. Its hashes are computed while the run goes on: ``completeHashes()``.
  /// **Not collective.**
  package init(
    model reference: String, data: DataSource, statistics: [StatisticKind], sampling: Sampling,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let resolved = try ModelReference.resolve(reference, relativeTo: ".", environment: environment)
    let inputs = ModelInputs(resolved.directory, reference: reference, data: data)
    let reader = InputReader(RunInputs(models: [inputs], sampling: sampling), hashesInBackground: true)
    let found = try reader.read(0)
    pendingHashes = reader.pendingHashes
    sources = [found.source]
    base = nil
    plan = Plan(
      method: .linear, rule: .linear, preset: nil, sampling: sampling, statistics: statistics, outputType: .float32,
      models: [found.planned])
  }

  /// Fishers under different expectations cannot be compared.
  private static func checkExpectations(_ plan: Plan) throws(RunError) {
    guard plan.statistics.contains(where: \.needsGradients) else { return }
    let found = plan.models.map { $0.statistics?.expectation ?? plan.sampling.expectation.name }
    for (model, expectation) in zip(plan.models, found) where expectation != found[0] {
      throw .differentExpectations(
        first: plan.models[0].name, second: model.name, expectations: [found[0], expectation])
    }
  }

  /// Waits for hashes that are still computed, and completes the plan with them. On the root; the other ranks do not need them.
  mutating func completeHashes() throws {
    guard let hashes = try pendingHashes?.wait() else { return }
    pendingHashes = nil
    sources[0].hashes = hashes
    plan.models[0].sha256 = hashes.files.map(\.sha256)
  }

  /// Changes the coefficients λ to those that a search has found.
  mutating func setWeights(_ weights: [Double]) {
    for (index, weight) in weights.enumerated() { plan.models[index].weight = weight }
  }

  /// Lets go of a model's examples, so that memory does not grow with the number of tasks for the rest of the run.
  mutating func releaseExamples(of index: Int) { sources[index].examples = nil }
}
