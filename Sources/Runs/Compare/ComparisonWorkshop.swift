import Datasets
import Encoders
import Estimation
import Foundation
import MessagePassing
import ModelMerging
import Planning
import Scoring
import Sessions
import StatisticsFiles
import SystemPackage
import Terminal

/// Merges and evaluates the jobs of a comparison in memory, several at a time, by single ranks.
struct ComparisonWorkshop {
  let session: Session
  let plan: Plan
  let models: [StoredModel]
  /// By statistic, the file of each model.
  let files: [StatisticKind: [FilePath]]
  let validation: [TaskExamples?]
  let tests: [TaskExamples?]
  /// The statistics' examples of each model, on all ranks, where heads are solved anew; else empty.
  let examples: [TokenizedExamples]
  let trials: Int
  let seed: UInt64

  /// What came out of one job.
  struct Outcome: Codable {
    let models: [Int]
    let method: String
    /// The main metric of each task, with equal coefficients.
    let scores: [Double?]
    /// The same with heads that were solved anew, where the recipe asks for that.
    var resolved: [Double?]?
    /// The seconds of one merge, statistics being there.
    let mergeSeconds: Double
    var search: Search?

    struct Search: Codable {
      let coefficients: [Double]
      /// The main metric of each task, by the coefficients that were best on the validation examples.
      let scores: [Double?]
      let validation: Double
      let seconds: Double

      var mean: Double { Outcome.mean(scores) }
    }

    var mean: Double { Self.mean(scores) }

    /// An undefined score counts as 0.
    static func mean(_ scores: [Double?]) -> Double { ScoreColumn.mean(of: scores.map { $0 ?? 0 }) ?? 0 }
  }

  /// Runs all jobs; the outcomes are the root's, in the order of the jobs, and empty elsewhere. **Collective.**
  func run(_ jobs: [ComparisonRun.Job]) throws -> [Outcome] {
    let world = session.communicator
    let progress = PhaseProgress("comparing", total: jobs.count, unit: "merges", console: session.console)
    defer { progress.finish() }
    // The dearest first, dealt like cards, so that ranks are done at nearly the same time.
    let order = jobs.indices.sorted { (cost(jobs[$1]), $0) < (cost(jobs[$0]), $1) }
    let alone = try world.split(color: world.rank)
    var own: [Int: Outcome] = [:]
    let result = Result {
      guard let alone else { return }
      for (turn, index) in order.enumerated() where turn % world.size == world.rank {
        own[index] = try run(jobs[index], alone)
        progress.advance(by: world.size)
      }
    }
    try world.agree(in: "trying the methods", result)
    try alone?.free()
    guard let all = try world.gather(Array(try JSONEncoder().encode(own))) else { return [] }
    var outcomes: [Int: Outcome] = [:]
    for bytes in all {
      outcomes.merge(try JSONDecoder().decode([Int: Outcome].self, from: Data(bytes))) { first, _ in first }
    }
    return jobs.indices.compactMap { outcomes[$0] }
  }

  /// The time of a job is that of its searches: trials × validation examples, and a merge for each trial.
  private func cost(_ job: ComparisonRun.Job) -> Double {
    let examples = job.models.reduce(0) { $0 + (validation[$1]?.count ?? 0) }
    return Double(examples) * (job.method.statistics.first.map { $0.needsGradients } ?? true ? 1 : 1.2)
  }

  private func run(_ job: ComparisonRun.Job, _ communicator: Communicator) throws -> Outcome {
    let plan = plan(for: job)
    let chosen = job.models.map { models[$0] }
    let readers = try readers(of: job)
    let start = ContinuousClock.now
    let trial = try TrialMerge(
      plan, MergeInputs(models: chosen, names: plan.names, readers: readers, isRepeated: true))
    let equal = try trial.merge(chosen.map { _ in 1 })
    let seconds = (ContinuousClock.now - start).seconds
    let testing = evaluation(of: job, tests, communicator)
    var outcome = Outcome(
      models: job.models, method: job.method.name, scores: try scores(testing, equal), mergeSeconds: seconds)
    outcome.resolved = try resolvedScores(of: job, equal, communicator)
    guard trials > 0 else { return outcome }
    let searchStart = ContinuousClock.now
    let validating = evaluation(of: job, validation, communicator)
    let coefficients = SearchTrials.coefficients(models: chosen.count, count: trials, seed: seed)
    let found = try coefficients.map { Outcome.mean(try scores(validating, try trial.merge($0))) }
    let best = SearchTrials.best(found, coefficients)
    outcome.search = Outcome.Search(
      coefficients: coefficients[best], scores: try scores(testing, try trial.merge(coefficients[best])),
      validation: found[best], seconds: (ContinuousClock.now - searchStart).seconds)
    return outcome
  }

  /// The statistics of each model that a method needs; none for a method without any.
  private func readers(of job: ComparisonRun.Job) throws -> [any StatisticReader] {
    // What comes along with another kind is in its file.
    let own = job.method.statistics.compactMap { files[$0] }
    guard !own.isEmpty else { return [] }
    return try job.models.map { model in JoinedStatistics(try own.map { try StatisticsFile.open([$0[model]]) }) }
  }

  /// A layerwise method on one choice of models, on all ranks. The outcome is the root's. **Collective.**
  ///
  /// - Parameter examples: the root's; nil elsewhere.
  func runLayerByLayer(_ job: ComparisonRun.Job, examples: [TokenizedExamples]?) throws -> Outcome? {
    let communicator = session.communicator
    let plan = plan(for: job)
    let start = ContinuousClock.now
    let weights = try LayerwiseMerge(
      communicator: communicator, plan: plan, models: job.models.map { models[$0] },
      examples: HeldExamples(communicator, root: examples)
    ).run { try readers(of: job) }
    let seconds = (ContinuousClock.now - start).seconds
    let found = try scores(evaluation(of: job, tests, communicator), weights)
    let resolved = try resolvedScores(of: job, weights, communicator)
    return session.isRoot
      ? Outcome(
        models: job.models, method: job.method.name, scores: found, resolved: resolved, mergeSeconds: seconds) : nil
  }

  /// The main metric of each task with heads that are solved anew, on the communicator's root; nil where the recipe does
  /// not ask for them. The weights have their tasks' own heads afterwards. **Collective.**
  private func resolvedScores(
    of job: ComparisonRun.Job, _ weights: MergedWeights, _ communicator: Communicator
  ) throws -> [Double?]? {
    guard self.plan.heads == .resolve else { return nil }
    let plan = plan(for: job)
    let (chosen, coefficients) = (job.models.map { models[$0] }, try plan.coefficients())
    let found = try HeadSolves(communicator: communicator, plan: plan, models: chosen).run(
      weights, examples: HeldExamples(communicator, root: job.models.map { examples[$0] }))
    try weights.setHeads(try MergedHeads(own: chosen, coefficients, resolved: found.values))
    let scores = try scores(evaluation(of: job, tests, communicator), weights)
    try weights.setHeads(try MergedHeads(.keep, of: chosen, coefficients))
    return scores
  }

  private func scores(_ evaluation: TaskEvaluation, _ weights: MergedWeights) throws -> [Double?] {
    try evaluation.run { try weights.encoder(task: $0) }.map { $0?.scores.first?.value }
  }

  private func evaluation(
    of job: ComparisonRun.Job, _ tasks: [TaskExamples?], _ communicator: Communicator
  ) -> TaskEvaluation {
    TaskEvaluation(
      models: job.models.map { models[$0] }, tasks: job.models.map { tasks[$0] }, communicator: communicator)
  }

  private func plan(for job: ComparisonRun.Job) -> Plan {
    var plan = plan
    plan.method = job.method.settings
    plan.models = job.models.map { self.plan.models[$0] }
    for index in plan.models.indices { plan.models[index].weight = 1 }
    return plan
  }
}
