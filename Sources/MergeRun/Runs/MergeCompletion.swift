import Parameters
import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// The last part of a run: RegMean's solves where there are any, the models, their scores, report and manifest.
struct MergeCompletion {
  let session: Session
  let plan: Plan
  let output: FilePath
  let shardBytes: Int
  let statistics: StatisticsPhase.Result
  let search: SearchResult?

  /// Completes the merge on all ranks; the root writes.
  ///
  /// - Parameter merge: the root's, with the statistics folded in.
  /// - Returns: the manifest on the root, nil elsewhere.
  ///
  /// **Collective.**
  func run(_ prepared: PreparedMerge?, _ merge: MergedParameters?, _ clock: inout PhaseClock) throws -> JSON? {
    let communicator = session.communicator
    if case .regMean(let rule) = plan.rule {
      // Not in one expression: where `merge` is nil the right-hand side of an optional chain is not evaluated.
      let solution =
        plan.method == .regMeanPlusPlus
        ? try solveLayerByLayer(rule, prepared?.planner.sources) : try solve(rule, prepared?.planner.sources)
      merge?.solution = solution
      clock.end("solve")
    }
    let writer = prepared.map {
      MergeWriter(
        session: session, recipe: $0.recipe, planner: $0.planner, output: output, shardBytes: shardBytes)
    }
    let written = try communicator.agreeOnRoot(in: "writing the models") { () -> MergeWriter.Written? in
      guard let writer, let merge else { return nil }
      return try writer.writeModels(merge)
    }
    clock.end("merge and write")
    let tests = try scores(prepared?.planner.sources, written ?? nil)
    if !tests.isEmpty { clock.end("evaluate") }
    let peaks = try communicator.gather(Int64(ProcessMemory.peakResidentBytes))
    let manifest = try communicator.agreeOnRoot(in: "writing the manifest") { () -> JSON? in
      guard let prepared, let writer, let merge, let written = written ?? nil else { return nil }
      let facts = MergeFacts(
        merge: merge, disagreement: written.disagreement, hashes: written.hashes, estimations: statistics.estimations,
        clock: clock, peaks: peaks ?? [], tests: tests, search: search)
      let manifest = try writer.manifest(facts)
      let report = try RunReport(session: session, recipe: prepared.recipe, planner: prepared.planner, facts: facts)
      try writer.finish(written, manifest: manifest, others: [("report.html", report.html)] + (search?.files ?? []))
      conclude(facts)
      return manifest
    }
    return manifest ?? nil
  }

  /// RegMean's linear layers, from the statistics in files. Gives the solution on the root. **Collective.**
  private func solve(_ rule: RegMeanRule, _ sources: [Planner.Source]?) throws -> RegMeanSolution? {
    let models = try open(sources)
    // Another host may not see the root's files; only the root has to.
    let readers = SharedPlan.openStatistics(statistics.files, plan)
    let merge = try session.communicator.agree(in: "opening the statistics") { () -> RegMeanMerge? in
      guard session.isRoot || readers != nil else { return nil }
      return RegMeanMerge(
        rule: rule, coefficients: try Coefficients(plan.models.map(\.weight), models: plan.models.map(\.name)),
        models: models, statistics: try readers ?? statistics.files.map { try StatisticsFile.open($0) })
    }
    let parameters = models[0].parameters.filter { !$0.isHead }
    return try RegMeanSolves(
      session: session, systems: LinearSystem.all(of: parameters, rule: rule), merge: merge
    ).run()
  }

  /// RegMean++'s layers. Gives the solution on the root. **Collective.**
  private func solveLayerByLayer(_ rule: RegMeanRule, _ sources: [Planner.Source]?) throws -> RegMeanSolution? {
    let models = try open(sources)
    let progress = Progress(
      "merging", total: (models[0].configuration.layers + 1) * models.count, unit: "layers", console: session.console)
    defer { progress.finish() }
    return try RegMeanPlusPlus(communicator: session.communicator, plan: plan, rule: rule, models: models)
      .run(examples: sources?.compactMap(\.examples), progress: progress)
  }

  /// All models on every rank. **Collective.**
  private func open(_ sources: [Planner.Source]?) throws -> [StoredModel] {
    try session.communicator.agree(in: "opening the models") {
      try sources?.map(\.model) ?? plan.models.map { try SharedPlan.open($0) }
    }
  }

  /// The scores of the single models, their plain average and the merged ones on the recipe's test files. Root's; empty where the
  /// recipe names none. **Collective.**
  private func scores(_ sources: [Planner.Source]?, _ written: MergeWriter.Written?) throws -> [ScoreColumn] {
    guard plan.models.contains(where: { $0.test != nil }) else { return [] }
    let models = try open(sources)
    let tasks = try TaskExamples.share(sources?.map(\.test), plan.models.map(\.test), models, session.communicator)
    let evaluation = TaskEvaluation(models: models, tasks: tasks, communicator: session.communicator)
    let progress = Progress("evaluating", total: 3 * evaluation.exampleCount, console: session.console)
    defer { progress.finish() }
    let advance: (Int) -> Void = { progress.advance(by: $0 * session.communicator.size) }
    var columns: [ScoreColumn] = []
    let single = try evaluation.run(progress: advance) { Encoder(weights: try models[$0].singlePrecisionWeights()) }
    columns.append(ScoreColumn(.single, single))
    warn(single)
    var uniform = plan
    uniform.rule = .linear
    for index in uniform.models.indices { uniform.models[index].weight = 1 }
    let weights = try MergedWeights(
      models: models, heads: try MergedHeads(plan.heads, sources: models, models: uniform.models))
    try session.communicator.agree(in: "averaging the models") {
      let average = try MergedParameters(plan: uniform, sources: models)
      try weights.fill { try average.merge($0, into: $1) }
    }
    columns.append(ScoreColumn(.uniform, try evaluation.run(progress: advance) { try weights.encoder(task: $0) }))
    try session.communicator.agreeOnRoot(in: "reading the merged model") {
      try weights.fill { parameter, target in
        guard let tensor = written?.backbone[models[0].architecture.bareName(parameter.name)] else { return }
        try tensor.copy(into: target)
      }
    }
    try session.communicator.agree(in: "reading the heads") {
      try weights.setHeads(try MergedHeads(plan.heads, sources: models, models: plan.models))
    }
    try weights.broadcast(session.communicator)
    columns.append(ScoreColumn(.merged, try evaluation.run(progress: advance) { try weights.encoder(task: $0) }))
    return columns
  }

  /// Says where a source model's labels do not seem to be those of its data.
  private func warn(_ scores: [TaskScore?]) {
    for (model, score) in zip(plan.models, scores) {
      if let finding = score?.finding { session.console.warn(finding.text(model: model.name)) }
    }
  }
}
