import Checkpoints
import Encoders
import Estimation
import Foundation
import Merging
import MessagePassing
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
  let checkpoints: CheckpointSettings

  package init(
    session: Session, recipe: FilePath, output: FilePath, trials: Int, seed: UInt64,
    checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.checkpoints = checkpoints
    self.session = session
    self.recipe = recipe
    self.output = output
    self.trials = trials
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
    var clock = PhaseClock()
    let directory = CheckpointDirectory(checkpoints, output: output)
    let prepared = try session.plan {
      try directory.check(resumes: checkpoints.resumes)
      return try prepare()
    } check: {
      if trials > 0 { try $0.requireSeparateTests() }
    }
    let plan = try SharedPlan.share(prepared?.planner.plan, session.communicator)
    clock.end("plan")
    return try session.withCheckpoints(in: directory, for: output, resumes: checkpoints.resumes, isNeeded: true) {
      try compare(prepared, plan, directory, &clock)
    }
  }

  private func compare(
    _ prepared: PreparedMerge?, _ plan: Plan, _ directory: CheckpointDirectory, _ clock: inout PhaseClock
  ) throws -> JSON? {
    let communicator = session.communicator
    let sources = prepared?.planner.sources
    let models = try communicator.agree(in: "opening the models") {
      try sources?.map(\.model) ?? plan.models.map { try SharedPlan.open($0) }
    }
    var (files, costs) = ([StatisticKind: [FilePath]](), [StatisticKind: [Double]]())
    for kind in StatisticKind.all {
      var (of, planner) = (plan, prepared?.planner)
      of.statistics = [kind]
      let result = try StatisticsPhase(session: session, plan: of, settings: checkpoints, directory: directory)
        .run(&planner)
      files[kind] = result.files.map { $0[0] }
      costs[kind] = result.estimations.map { $0?.seconds ?? 0 }
      clock.end(kind.name)
    }
    let subsets = Self.subsets(plan.models.count)
    let jobs = subsets.flatMap { models in ComparisonMethod.all.map { Job(models: models, method: $0) } }
    let validation = try TaskExamples.share(
      sources?.map(\.validation), plan.models.map(\.validation), models, communicator)
    let tests = try TaskExamples.share(sources?.map(\.test), plan.models.map(\.test), models, communicator)
    let single = try TaskEvaluation(models: models, tasks: tests, communicator: communicator).run {
      Encoder(weights: try models[$0].singlePrecisionWeights())
    }
    clock.end("single models")
    let workshop = ComparisonWorkshop(
      session: session, plan: plan, models: models, files: files, validation: validation, tests: tests, trials: trials,
      seed: seed)
    var outcomes = try workshop.run(jobs.filter(\.method.isSearchable))
    clock.end("merge, search, evaluate")
    // RegMean++ runs on all ranks together.
    for job in jobs where !job.method.isSearchable {
      let examples = sources.map { sources in job.models.compactMap { sources[$0].examples } }
      if let outcome = try workshop.runLayerByLayer(job, examples: examples) { outcomes.append(outcome) }
    }
    clock.end("RegMean++")
    return try communicator.agreeOnRoot(in: "writing the results") { () -> JSON? in
      guard let prepared else { return nil }
      return try ComparisonResults(
        session: session, recipe: prepared.recipe, planner: prepared.planner, outcomes: outcomes, single: single,
        costs: costs, clock: clock, trials: trials
      ).write(to: output)
    } ?? nil
  }

  private func prepare() throws -> Recipe {
    try AtomicDirectory.check(output)
    var recipe = try Recipe(path: recipe)
    if let compatibility = recipe.compatibility {
      throw RunError.notSearchable(recipe.path, method: "compatibility \(compatibility.mode.rawValue)")
    }
    for model in recipe.models {
      if model.data == nil { throw RecipeError.missingKey(recipe.path, line: model.line, key: "data") }
      if model.test == nil { throw RecipeError.missingKey(recipe.path, line: model.line, key: "test") }
      if trials > 0, model.validation == nil {
        throw RecipeError.missingKey(recipe.path, line: model.line, key: "validation")
      }
    }
    // The recipe's method is not looked at, and all methods together need the data.
    if recipe.method == .linear { (recipe.method, recipe.rule) = (.fisher, .fisher(.standard)) }
    return recipe
  }

  /// All pairs in order, then all models where there are more than two.
  static func subsets(_ count: Int) -> [[Int]] {
    let pairs = (0..<count).flatMap { first in (first + 1..<count).map { [first, $0] } }
    return count > 2 ? pairs + [Array(0..<count)] : pairs
  }
}
