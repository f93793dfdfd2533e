import Datasets
import Encoders
import Merging
import MessagePassing
import ModelMerging
import Planning
import Scoring
import Sessions
import StatisticsFiles
import SystemPackage
import Terminal

/// Merges by some settings and coefficients, and scores on the validation examples: several trials at a time by groups of
/// ranks, or one after the other by all ranks where layers are merged on the examples.
final class TrialRunner {
  /// What one trial merges by.
  struct Trial {
    let settings: MethodSettings
    let coefficients: [Double]
  }

  /// The main score of each task.
  struct Scores {
    /// Nil for a task without validation examples, 0 for an undefined score.
    let values: [Double?]
    /// Which of them are undefined.
    let undefined: [Bool]

    var mean: Double { ScoreColumn.mean(of: values) ?? 0 }
  }

  private let session: Session
  private let plan: Plan
  private let models: [StoredModel]
  let tasks: [TaskExamples?]
  private let base: BaseModel?
  /// Nil on a rank that does not see the root's files, and takes no part.
  private let readers: [CombinedStatistics]?
  /// The world's ranks that take part.
  private let takingPart: [Int]
  private let examples: HeldExamples

  private var world: Communicator { session.communicator }

  /// - Parameter files: every model's statistics.
  ///
  /// **Collective.**
  init(_ run: PlannedRun, _ files: [[FilePath]]) throws {
    session = run.session
    plan = run.plan
    let (world, plan) = (run.communicator, run.plan)
    models = try run.openModels()
    let sources = run.root?.inputs.sources
    tasks = try TaskExamples.share(sources?.map(\.validation), plan.models.map(\.validation), models, world)
    let readers = SharedPlan.openStatistics(files, plan)
    try world.agreeOnRoot(in: "opening the statistics") {
      if readers == nil { _ = try files.map { try StatisticsFile.open($0) } }
    }
    self.readers = readers
    examples = HeldExamples(run)
    let seeing = try world.allGather(Int64(readers == nil ? 0 : 1))
    takingPart = seeing.indices.filter { seeing[$0] == 1 }
    if takingPart.count < world.size, !plan.isLayerwise {
      session.console.warn("\(world.size - takingPart.count) ranks do not see the statistics and are idle")
    }
    let first = models[0]
    base = try world.agree(in: "opening the base") { try SharedPlan.openBase(plan, of: first) }
  }

  /// The scores of all trials, on every rank. **Collective.**
  ///
  /// - Parameter unit: what the trials are, for the progress.
  func run(_ trials: [Trial], unit: String) throws -> [Scores] {
    // Scores of every trial, known to one rank and zero elsewhere; an undefined one is counted apart.
    var sums = [Double](repeating: 0, count: trials.count * models.count)
    var known = [Int64](repeating: 0, count: sums.count)
    func note(_ index: Int, _ scores: [TaskScore?]) {
      for (task, score) in scores.enumerated() where score?.scores.first?.value != nil {
        sums[index * models.count + task] = score?.merit ?? 0
        known[index * models.count + task] = 1
      }
    }
    let progress = PhaseProgress("searching", total: trials.count, unit: unit, console: session.console)
    if plan.isLayerwise {
      for (index, trial) in trials.enumerated() {
        note(index, try layerwiseScores(of: trial))
        progress.advance(by: 1)
      }
    } else {
      try runInGroups(trials, progress, note)
    }
    progress.finish()
    try sums.withUnsafeMutableBufferPointer { try world.allReduce($0) }
    try known.withUnsafeMutableBufferPointer { try world.allReduce($0) }
    return trials.indices.map { trial in
      let places = models.indices.map { trial * models.count + $0 }
      return Scores(
        values: zip(tasks, places).map { task, place in task.map { _ in sums[place] } },
        undefined: zip(tasks, places).map { task, place in task != nil && known[place] == 0 })
    }
  }

  /// A trial by all ranks together; the scores are the root's, nil elsewhere. **Collective.**
  private func layerwiseScores(of trial: Trial) throws -> [TaskScore?] {
    let weights = try LayerwiseMerge(communicator: world, plan: plan(for: trial), models: models, examples: examples)
      .run { readers.map { $0.map { $0 as any StatisticReader } } ?? [] }
    return try TaskEvaluation(models: models, tasks: tasks, communicator: world).run { try weights.encoder(task: $0) }
  }

  /// Trials by groups of ranks, each on a share of them. **Collective.**
  private func runInGroups(
    _ trials: [Trial], _ progress: PhaseProgress, _ note: (Int, [TaskScore?]) -> Void
  ) throws {
    let groupCount = min(takingPart.count, trials.count)
    let groupIndex = takingPart.firstIndex(of: world.rank).map { $0 * groupCount / takingPart.count }
    let group = try world.split(color: groupIndex)
    let outcome = Result {
      guard let group, let groupIndex, let readers else { return }
      let evaluation = TaskEvaluation(models: models, tasks: tasks, communicator: group)
      var last: (settings: MethodSettings, merge: TrialMerge)?
      for index in stride(from: groupIndex, to: trials.count, by: groupCount) {
        let trial = trials[index]
        let weights = try group.agree {
          // What does not depend on the coefficients is computed once for all trials with equal settings.
          let isRepeated = trials.count { $0.settings == trial.settings } > 1
          let merge =
            try last.flatMap { $0.settings == trial.settings ? $0.merge : nil }
            ?? TrialMerge(
              plan(for: trial),
              MergeInputs(models: models, names: plan.names, base: base, readers: readers, isRepeated: isRepeated))
          last = (trial.settings, merge)
          return try merge.merge(trial.coefficients)
        }
        note(index, try evaluation.run { try weights.encoder(task: $0) })
        progress.advance(by: groupCount)
      }
    }
    try world.agree(in: "searching", outcome)
    try group?.free()
  }

  private func plan(for trial: Trial) -> Plan {
    var plan = plan
    plan.method = trial.settings
    for (index, value) in trial.coefficients.enumerated() { plan.models[index].weight = value }
    return plan
  }
}
