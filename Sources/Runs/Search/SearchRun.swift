import Checkpoints
import ModelMerging
import Recipes
import Scoring
import Sessions
import StatisticsFiles
import SystemPackage
import Terminal

/// A search for the coefficients λ with the best mean score on validation examples, and the merge by them.
///
/// Statistics are estimated once and kept in files, which all ranks map. Several trials are evaluated at a time, by
/// groups of ranks.
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
    let completed = CompletedOutput(output, resumes: checkpoints.resumes) {
      try $0["search"]?["plan_sha256"]?.string == $1.hash() && $0["search"]?["seed"]?.string == "\(seed)"
        && $0["search"]?["trials_wanted"]?.integer == trials
    }
    let run = try PlannedRun(session, output: output, checkpoints) { directory in
      try session.plan {
        try completed.check()
        try directory.check(resumes: checkpoints.resumes)
        return try prepare()
      } check: {
        try $0.requireSeparateTests()
      }
    }
    let earlier = try completed.find(run)
    if earlier.isThere { return earlier.record }
    if let root = run.root { session.announce(root.plan, root.inputs, searches: true) }
    return try run.withCheckpoints(isNeeded: run.plan.estimates) {
      let statistics = try run.estimate()
      let found = try search(run, statistics.files)
      run.clock.end("search")
      for (index, value) in found.coefficients[found.best].enumerated() { run.plan.models[index].weight = value }
      if session.isRoot { announce(found) }
      return try MergeCompletion(run: run, shardBytes: shardBytes, statistics: statistics, search: found).complete()
    }
  }

  private func prepare() throws -> Recipe {
    let recipe = try Recipe(path: recipe, methods: MergeMethods.declarations)
    guard recipe.method.isSearchable else {
      throw RunError.notSearchable(recipe.path, method: recipe.method.name)
    }
    if case .fisherNodes? = recipe.compatibility {
      throw RunError.notSearchable(recipe.path, method: "compatibility fisher-nodes")
    }
    guard recipe.models.contains(where: { $0.validation != nil }) else { throw RunError.noValidation(recipe.path) }
    return recipe
  }

  /// Tries all coefficients. The same result on every rank. **Collective.**
  private func search(_ run: PlannedRun, _ files: [[FilePath]]) throws -> SearchResult {
    let (world, plan) = (session.communicator, run.plan)
    let models = try run.openModels()
    let sources = run.root?.inputs.sources
    let tasks = try TaskExamples.share(sources?.map(\.validation), plan.models.map(\.validation), models, world)
    // Where coefficients are taken as they are, equal ones are 1 each, as without a search.
    let sum = plan.declaration?.weights == .shares ? 1 : Double(plan.models.count)
    let coefficients = SearchTrials.coefficients(models: plan.models.count, count: trials, seed: seed).map { trial in
      trial.map { $0 * sum }
    }
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
    let base = try world.agree(in: "opening the base") { try SharedPlan.openBase(plan, of: models[0]) }
    let groupCount = min(takingPart.count, coefficients.count)
    let place = takingPart.firstIndex(of: world.rank)
    let groupIndex = place.map { $0 * groupCount / takingPart.count }
    let group = try world.split(color: groupIndex)

    // Scores of every trial, known to its group's root and zero elsewhere; an undefined one is counted apart.
    var sums = [Double](repeating: 0, count: coefficients.count * models.count)
    var known = [Int64](repeating: 0, count: sums.count)
    let progress = PhaseProgress("searching", total: coefficients.count, unit: "trials", console: session.console)
    let outcome = Result {
      guard let group, let groupIndex, let readers else { return }
      let trial = try group.agree {
        try TrialMerge(
          plan, MergeInputs(models: models, names: plan.names, base: base, readers: readers, isRepeated: true))
      }
      let evaluation = TaskEvaluation(models: models, tasks: tasks, communicator: group)
      for index in stride(from: groupIndex, to: coefficients.count, by: groupCount) {
        let weights = try group.agree { try trial.merge(coefficients[index]) }
        let scores = try evaluation.run { try weights.encoder(task: $0) }
        for (task, score) in scores.enumerated() where score?.scores.first?.value != nil {
          sums[index * models.count + task] = score?.merit ?? 0
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
    guard known.contains(1) else {
      throw EvaluationError.undefinedCorrelation(plan.models.compactMap { $0.validation?.file }.first ?? "")
    }
    let scores = coefficients.indices.map { trial in
      models.indices.map { task in tasks[task].map { _ in sums[trial * models.count + task] } }
    }
    let undefined = coefficients.indices.map { trial in
      models.indices.map { task in tasks[task] != nil && known[trial * models.count + task] == 0 }
    }
    return SearchResult(
      models: plan.models.map(\.name), coefficients: coefficients, scores: scores, undefined: undefined,
      best: SearchTrials.best(scores.map { ScoreColumn.mean(of: $0) ?? 0 }, coefficients),
      metrics: tasks.map { $0?.metrics.first?.rawValue },
      work: .init(plan: try plan.hash(), trials: trials, seed: seed))
  }

  private func announce(_ found: SearchResult) {
    var table = Table(["", "mean"] + found.models)
    func row(_ name: String, _ trial: Int) -> [String] {
      let scores = found.models.indices.map { task in
        found.undefined[trial][task] ? "undefined" : found.scores[trial][task].map { significant(100 * $0) } ?? "–"
      }
      return [name, significant(100 * found.means[trial])] + scores
    }
    table.add(["λ", ""] + found.coefficients[found.best].map(significant))
    table.add(row("validation", found.best))
    if found.equal != found.best { table.add(row("equal λ", found.equal)) }
    session.console.result("\(found.coefficients.count) trials; the best:\n\(table.text)")
    if found.undefined.joined().contains(true) {
      session.console.note("an undefined score counts as 0: the answers or the labels of that task do not vary")
    }
  }
}
