import Checkpoints
import Datasets
import Encoders
import Estimation
import Merging
import ModelMerging
import Planning
import Recipes
import Scoring
import Sessions
import SystemPackage

/// Every method on the same models and examples: all pairs of the recipe's models and all of them together, with equal
/// coefficients and with searched ones.
///
/// No model is written. Statistics are estimated once for each model, one kind after the other, so that the time of
/// each is known.
package struct ComparisonRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  /// Of each search; 0 for none.
  let trials: Int
  let seed: UInt64
  /// What other programs reach, for the tables and the picture.
  let others: FilePath?
  let checkpoints: CheckpointSettings

  package init(
    session: Session, recipe: FilePath, output: FilePath, trials: Int, seed: UInt64, others: FilePath? = nil,
    checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.checkpoints = checkpoints
    self.session = session
    self.recipe = recipe
    self.output = output
    self.trials = trials
    self.others = others
    self.seed = seed
  }

  /// One method on one choice of models.
  struct Job {
    /// The models' places in the recipe.
    let models: [Int]
    let method: ComparisonMethod
  }

  /// Compares on all ranks; the root writes.
  ///
  /// - Returns: the results on the root, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> JSON? {
    let completed = CompletedOutput(output, record: "results.json", resumes: checkpoints.resumes) {
      try $0["plan_sha256"]?.string == $1.hash() && $0["trials"]?.integer == trials
        && $0["search_seed"]?.string == "\(seed)"
    }
    let run = try PlannedRun(session, output: output, checkpoints) { directory in
      try session.plan {
        try completed.check()
        try directory.check(resumes: checkpoints.resumes)
        return try prepare()
      } check: {
        if trials > 0 { try $0.requireSeparateTests() }
        if let others { _ = try OtherResult.read(others, tasks: $0.plan.names) }
      }
    }
    let found = try completed.find(run)
    if found.isThere { return found.record }
    return try run.withCheckpoints(isNeeded: true) { try compare(run) }
  }

  private func compare(_ run: PlannedRun) throws -> JSON? {
    let (communicator, plan) = (session.communicator, run.plan)
    let sources = run.root?.inputs.sources
    for model in run.root?.plan.models ?? [] {
      for data in [model.data, model.validation, model.test] { session.warnOfSkipped(data, of: model.name) }
    }
    let models = try run.openModels()
    var (files, costs) = ([StatisticKind: [FilePath]](), [StatisticKind: [Double]]())
    for kind in Self.kinds {
      var single = plan
      single.statistics = StatisticKind.withCompanions([kind])
      // Examples are needed once more by the next statistic, and by layerwise methods.
      let result = try run.statisticsPhase(single).run(run.root?.inputs.copy())
      files[kind] = result.files.map { $0[0] }
      costs[kind] = result.estimations.map { $0?.seconds ?? 0 }
      run.clock.end(kind.name)
    }
    let subsets = Self.subsets(plan.models.count)
    let jobs = subsets.flatMap { models in ComparisonMethod.all.map { Job(models: models, method: $0) } }
    let validation = try TaskExamples.share(
      sources?.map(\.validation), plan.models.map(\.validation), models, communicator)
    let tests = try TaskExamples.share(sources?.map(\.test), plan.models.map(\.test), models, communicator)
    let single = try TaskEvaluation(models: models, tasks: tests, communicator: communicator).run {
      Encoder(weights: try models[$0].singlePrecisionWeights())
    }
    run.clock.end("single models")
    let workshop = ComparisonWorkshop(
      session: session, plan: plan, models: models, files: files, validation: validation, tests: tests,
      examples: try plan.heads == .resolve ? shareExamples(sources) : [], trials: trials, seed: seed)
    var outcomes = try workshop.run(jobs.filter { !$0.method.declaration.isLayerwise })
    run.clock.end("merge, search, evaluate")
    // Layerwise methods run on all ranks together.
    for job in jobs where job.method.declaration.isLayerwise {
      let examples = sources.map { sources in job.models.compactMap { sources[$0].examples } }
      if let outcome = try workshop.runLayerByLayer(job, examples: examples) { outcomes.append(outcome) }
    }
    run.clock.end("layer by layer")
    return try communicator.agreeOnRoot(run.root, in: "writing the results") { root in
      guard let recipe = root.recipe else { preconditionFailure("the root compares by a recipe") }
      try root.stamps.requireUnchanged()
      return try ComparisonResults(
        session: session, recipe: recipe, plan: plan, outcomes: outcomes, single: single, costs: costs,
        clock: run.clock, trials: trials, seed: seed,
        others: try others.map { try OtherResult.read($0, tasks: plan.names) } ?? []
      ).write(to: output)
    }
  }

  /// The statistics' examples of all models, on all ranks. **Collective.**
  private func shareExamples(_ sources: [Inputs.Source]?) throws -> [TokenizedExamples] {
    let count = Int(try session.communicator.broadcast(Int64(sources?.count ?? 0)))
    return try (0..<count).map { index in
      let own = sources?[index].examples
      let received = try session.communicator.broadcast(own?.bytes ?? [])
      return try session.communicator.agree(in: "sharing the examples") {
        try own ?? TokenizedExamples(decoding: received)
      }
    }
  }

  private func prepare() throws -> Recipe {
    var recipe = try Recipe(path: recipe, methods: MergeMethods.declarations)
    if let compatibility = recipe.compatibility {
      throw RunError.notSearchable(recipe.path, method: "compatibility \(compatibility.mode.rawValue)")
    }
    // Equal coefficients, and those that a search finds: the recipe's are not looked at.
    for index in recipe.models.indices { recipe.models[index].weight = 1 }
    for model in recipe.models {
      if model.data == nil { throw RecipeError.missingKey(recipe.path, line: model.line, key: "data") }
      if model.test == nil { throw RecipeError.missingKey(recipe.path, line: model.line, key: "test") }
      if trials > 0, model.validation == nil {
        throw RecipeError.missingKey(recipe.path, line: model.line, key: "validation")
      }
    }
    // The recipe's method is not looked at, and all methods together need the data.
    if !recipe.method.needsData, let other = MergeMethods.declarations.first(where: \.needsData) {
      (recipe.method, recipe.settings) = (other, MethodSettings(other))
    }
    return recipe
  }

  /// What is estimated: the methods' statistics, but for those that come along with others.
  static let kinds: [StatisticKind] = {
    let wanted = ComparisonMethod.all.flatMap(\.statistics)
    let companions = wanted.compactMap(\.companion)
    return StatisticKind.all.filter { wanted.contains($0) && !companions.contains($0.name) }
  }()

  /// All pairs in order, then all models where there are more than two.
  static func subsets(_ count: Int) -> [[Int]] {
    let pairs = (0..<count).flatMap { first in (first + 1..<count).map { [first, $0] } }
    return count > 2 ? pairs + [Array(0..<count)] : pairs
  }
}
