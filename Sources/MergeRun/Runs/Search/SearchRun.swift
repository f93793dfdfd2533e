import Checkpoints
import Encoders
import Foundation
import LinearAlgebra
import Merging
import MessagePassing
import SystemPackage

/// A search for the coefficients λ with the best mean score on validation examples, and the merge by them.
///
/// Statistics are estimated once and kept in files, which all ranks map. Several trials are evaluated at a time, by groups of ranks.
package struct SearchRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  let shardBytes: Int
  let checkpoints: CheckpointSettings
  let trials: Int
  let seed: UInt64

  /// - Parameters:
  ///   - trials: grid points for two models, draws for more.
  ///   - seed: decides the draws.
  package init(
    session: Session, recipe: FilePath, output: FilePath, shardBytes: Int = ShardedWriter.defaultShardBytes,
    trials: Int, seed: UInt64, checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.checkpoints = checkpoints
    self.session = session
    self.recipe = recipe
    self.output = output
    self.shardBytes = shardBytes
    self.trials = trials
    self.seed = seed
  }

  /// Searches and merges on all ranks; the root writes.
  ///
  /// - Returns: the manifest on the root, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> JSON? {
    var clock = PhaseClock()
    let communicator = session.communicator
    let directory = CheckpointDirectory(checkpoints, output: output)
    var prepared = try session.plan {
      try directory.check(resumes: checkpoints.resumes)
      return try prepare()
    } check: {
      try $0.requireSeparateTests()
    }
    var plan = try SharedPlan.share(prepared?.planner.plan, communicator)
    if let prepared { session.announce(prepared.planner, searches: true) }
    clock.end("plan")

    return try session.withCheckpoints(
      in: directory, for: output, resumes: checkpoints.resumes, isNeeded: plan.estimates
    ) {
      var statistics = StatisticsPhase.Result()
      if !plan.statistics.isEmpty {
        var planner = prepared?.planner
        statistics = try StatisticsPhase(session: session, plan: plan, settings: checkpoints, directory: directory)
          .run(&planner)
        if let planner { prepared?.planner = planner }
        clock.end("estimate")
      }
      let found = try search(plan, statistics.files, prepared?.planner.sources)
      clock.end("search")

      for (index, value) in found.coefficients[found.best].enumerated() { plan.models[index].weight = value }
      prepared?.planner.setWeights(found.coefficients[found.best])
      if session.isRoot { announce(found) }
      let merge = try communicator.agreeOnRoot(in: "reading the statistics") {
        try prepared?.merge(plan, statistics.files)
      }
      return try MergeCompletion(
        session: session, plan: plan, output: output, shardBytes: shardBytes, statistics: statistics, search: found
      ).run(prepared, merge ?? nil, &clock)
    }
  }

  private func prepare() throws -> Recipe {
    try AtomicDirectory.check(output)
    let recipe = try Recipe(path: recipe)
    guard recipe.method != .regMeanPlusPlus else {
      throw RunError.notSearchable(recipe.path, method: recipe.method.rawValue)
    }
    if case .fisherNodes? = recipe.compatibility {
      throw RunError.notSearchable(recipe.path, method: "compatibility fisher-nodes")
    }
    guard recipe.models.contains(where: { $0.validation != nil }) else { throw RunError.noValidation(recipe.path) }
    return recipe
  }

  /// Tries all coefficients. The same result on every rank. **Collective.**
  private func search(_ plan: Plan, _ files: [[FilePath]], _ sources: [Planner.Source]?) throws -> SearchResult {
    let world = session.communicator
    let models = try world.agree(in: "opening the models") {
      try sources?.map(\.model) ?? plan.models.map { try SharedPlan.open($0) }
    }
    let tasks = try TaskExamples.share(sources?.map(\.validation), plan.models.map(\.validation), models, world)
    let coefficients = SearchTrials.coefficients(models: plan.models.count, count: trials, seed: seed)
    // Ranks that do not see the root's files take no part.
    let readers = SharedPlan.openStatistics(files, plan)
    try world.agreeOnRoot(in: "opening the statistics") {
      if readers == nil { _ = try files.map { try StatisticsFile.open($0) } }
    }
    let seeing = try world.allGather(Int64(readers == nil ? 0 : 1))
    let takingPart = seeing.indices.filter { seeing[$0] == 1 }
    if takingPart.count < world.size {
      session.console.warn("\(world.size - takingPart.count) ranks do not see the statistics and are idle")
    }
    let groupCount = min(takingPart.count, coefficients.count)
    let place = takingPart.firstIndex(of: world.rank)
    let groupIndex = place.map { $0 * groupCount / takingPart.count }
    let group = try world.split(color: groupIndex)

    // Scores of every trial, known to its group's root and zero elsewhere; an undefined one is counted apart.
    var sums = [Double](repeating: 0, count: coefficients.count * models.count)
    var known = [Int64](repeating: 0, count: sums.count)
    let progress = Progress("searching", total: coefficients.count, unit: "trials", console: session.console)
    let outcome = Result {
      guard let group, let groupIndex, let readers else { return }
      let trial = try group.agree { try TrialMerge(plan: plan, models: models, readers: readers) }
      let evaluation = TaskEvaluation(models: models, tasks: tasks, communicator: group)
      for index in stride(from: groupIndex, to: coefficients.count, by: groupCount) {
        let weights = try group.agree { try trial.merge(coefficients[index]) }
        let scores = try evaluation.run { try weights.encoder(task: $0) }
        for (task, score) in scores.enumerated() {
          guard let value = score?.scores.first?.value else { continue }
          sums[index * models.count + task] = value
          known[index * models.count + task] = 1
        }
        progress.advance(by: groupCount)
      }
    }
    try world.agree(in: "searching coefficients", outcome)
    progress.finish()
    try group?.free()
    try sums.withUnsafeMutableBufferPointer { try world.allReduce($0) }
    try known.withUnsafeMutableBufferPointer { try world.allReduce($0) }
    let scores = coefficients.indices.map { trial in
      models.indices.map { task -> Double? in
        let index = trial * models.count + task
        return known[index] > 0 ? sums[index] : nil
      }
    }
    guard let best = SearchTrials.best(scores.map(SearchResult.mean), coefficients) else {
      throw RunError.undefinedCorrelation(plan.models.compactMap { $0.validation?.file }.first ?? "")
    }
    return SearchResult(
      models: plan.models.map(\.name), coefficients: coefficients, scores: scores, best: best,
      metrics: tasks.map { $0?.metrics.first?.rawValue })
  }

  private func announce(_ found: SearchResult) {
    var table = Table(["", "mean"] + found.models)
    func text(_ value: Double?) -> String { value.map { significant(100 * $0) } ?? "–" }
    let means = found.means
    table.add(
      ["λ"] + [""] + found.coefficients[found.best].map(significant))
    table.add(["validation"] + [text(means[found.best])] + found.scores[found.best].map(text))
    let equal = found.coefficients.indices.min {
      let spread = { (trial: Int) in (found.coefficients[trial].max() ?? 0) - (found.coefficients[trial].min() ?? 0) }
      return spread($0) < spread($1)
    }
    if let equal, equal != found.best { table.add(["equal λ"] + [text(means[equal])] + found.scores[equal].map(text)) }
    session.console.result("\(found.coefficients.count) trials; the best:\n\(table.text)")
  }
}
