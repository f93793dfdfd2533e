import Checkpoints
import ModelMerging
import Recipes
import Scoring
import Sessions
import StatisticsFiles
import SystemPackage
import Terminal

/// A search for the coefficients λ, and settings of the method, with the best mean score on validation examples, and the
/// merge by them.
///
/// Statistics are estimated once and kept in files, which all ranks map.
package struct SearchRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  let shardBytes: Int
  let checkpoints: CheckpointSettings
  let trials: Int
  let seed: UInt64
  let parameters: [SearchedParameters.Key]

  /// - Parameters:
  ///   - trials: grid points for two models, draws for more; 0 for equal coefficients alone.
  ///   - seed: decides the draws.
  ///   - parameters: the settings that are searched, with their values; all combinations are tried.
  package init(
    session: Session, recipe: FilePath, output: FilePath, shardBytes: Int = ShardedWriter.defaultShardBytes,
    trials: Int, seed: UInt64, parameters: [SearchedParameters.Key] = [],
    checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.parameters = parameters
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
        && $0["search"]?["parameters_wanted"]?.string == SearchedParameters.text(parameters)
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
    guard let method = run.plan.declaration, let settings = run.plan.method else {
      preconditionFailure("a plan for a merge")
    }
    let space = try SearchedParameters(parameters, of: method, settings, models: run.plan.models.count)
    return try run.withCheckpoints(isNeeded: run.plan.estimates || run.plan.isLayerwise) {
      let statistics = try run.estimate()
      let found = try search(run, statistics.files, space)
      run.clock.end("search")
      run.plan.method = space.combinations[found.bestSettings].settings
      for (index, value) in found.coefficients[found.best].enumerated() { run.plan.models[index].weight = value }
      if session.isRoot { announce(found) }
      return try MergeCompletion(run: run, shardBytes: shardBytes, statistics: statistics, search: found).complete()
    }
  }

  private func prepare() throws -> Recipe {
    let recipe = try Recipe(path: recipe, methods: MergeMethods.declarations)
    guard recipe.heads != .resolve else {
      throw RunError.headsNotSearchable(recipe.path)
    }
    if case .fisherNodes? = recipe.compatibility {
      throw RunError.notSearchable(recipe.path, method: "compatibility fisher-nodes")
    }
    guard recipe.models.contains(where: { $0.validation != nil }) else { throw RunError.noValidation(recipe.path) }
    _ = try SearchedParameters(parameters, of: recipe.method, recipe.settings, models: recipe.models.count)
    return recipe
  }

  /// Tries all settings with equal coefficients, then coefficients with the best of them. The same result on every rank.
  /// **Collective.**
  private func search(_ run: PlannedRun, _ files: [[FilePath]], _ space: SearchedParameters) throws -> SearchResult {
    let plan = run.plan
    let runner = try TrialRunner(run, files)
    // Where coefficients are taken as they are, equal ones are 1 each, as without a search.
    let sum = plan.declaration?.weights == .shares ? 1 : Double(plan.models.count)
    let equal = plan.models.map { _ in sum / Double(plan.models.count) }
    func requireScores(_ scores: [TrialRunner.Scores]) throws {
      guard !scores.contains(where: { zip($0.values, $0.undefined).contains { $0 != nil && !$1 } }) else { return }
      throw EvaluationError.undefinedCorrelation(plan.models.compactMap { $0.validation?.file }.first ?? "")
    }

    var settings: [SearchResult.TriedSettings] = []
    if !parameters.isEmpty {
      let scores = try runner.run(
        space.combinations.map { .init(settings: $0.settings, coefficients: equal) }, unit: "settings")
      try requireScores(scores)
      settings = zip(space.combinations, scores).map { .init(combination: $0, scores: $1) }
    }
    // Of equal ones the first.
    let bestSettings = settings.indices.max { (settings[$0].scores.mean, $1) < (settings[$1].scores.mean, $0) } ?? 0
    let chosen = space.combinations[bestSettings].settings

    var coefficients = [equal]
    var scores = settings.isEmpty ? [] : [settings[bestSettings].scores]
    if trials > 0 {
      coefficients = SearchTrials.coefficients(models: plan.models.count, count: trials, seed: seed).map { trial in
        trial.map { $0 * sum }
      }
      scores = try runner.run(coefficients.map { .init(settings: chosen, coefficients: $0) }, unit: "trials")
      try requireScores(scores)
    }
    return SearchResult(
      models: plan.models.map(\.name), settings: settings, bestSettings: bestSettings, coefficients: coefficients,
      scores: scores.map(\.values), undefined: scores.map(\.undefined),
      best: SearchTrials.best(scores.map(\.mean), coefficients),
      metrics: runner.tasks.map { $0?.metrics.first?.rawValue },
      work: .init(plan: try plan.hash(), trials: trials, seed: seed, parameters: SearchedParameters.text(parameters)))
  }

  /// The choices and what was tried besides, on the root.
  private func announce(_ found: SearchResult) {
    let console = session.console
    func percent(_ scores: [Double?], _ undefined: [Bool]) -> [String] {
      zip(scores, undefined).map { $1 ? "undefined" : $0.map { significant(100 * $0) } ?? "–" }
    }
    if !found.settings.isEmpty {
      var table = Table(["settings", "mean"] + found.models)
      let ranking = found.settings.indices.sorted {
        (-found.settings[$0].scores.mean, $0) < (-found.settings[$1].scores.mean, $1)
      }
      for place in ranking.prefix(10) {
        let tried = found.settings[place]
        table.add(
          [tried.combination.text, significant(100 * tried.scores.mean)]
            + percent(tried.scores.values, tried.scores.undefined))
      }
      let count = found.settings.count
      console.result(
        "\(count) settings on the validation files, \(count > 10 ? "the best 10" : "the best first"):\n\(table.text)")
    }
    if trials > 0 {
      var table = Table(["", "mean"] + found.models)
      func add(_ name: String, _ trial: Int) {
        table.add(
          [name, significant(100 * found.means[trial])] + percent(found.scores[trial], found.undefined[trial]))
      }
      table.add(["λ", ""] + found.coefficients[found.best].map(significant))
      add("validation", found.best)
      if found.equal != found.best { add("equal λ", found.equal) }
      console.result("\(found.coefficients.count) trials; the best:\n\(table.text)")
    }
    if (found.undefined + found.settings.map(\.scores.undefined)).joined().contains(true) {
      console.note("an undefined score counts as 0: the answers or the labels of that task do not vary")
    }
  }
}
