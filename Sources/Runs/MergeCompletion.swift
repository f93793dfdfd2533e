import Checkpoints
import Encoders
import Merging
import MessagePassing
import ModelMerging
import Planning
import Scoring
import Sessions
import TeamEstimation
import Terminal

/// The last part of a run: the merge, the models, their scores, report and manifest.
struct MergeCompletion {
  let run: PlannedRun
  let shardBytes: Int
  let statistics: StatisticsPhase.Result
  let search: SearchResult?

  var session: Session { run.session }
  var plan: Plan { run.plan }
  private var communicator: Communicator { run.communicator }

  /// What the root has of the models that it has written.
  private struct Outcome {
    let root: RootInputs
    let model: MergedModel
    let writer: MergeWriter
    let written: MergeWriter.Written
  }

  /// Completes the merge on all ranks; the root writes.
  ///
  /// - Returns: the manifest on the root, nil elsewhere.
  ///
  /// **Collective.**
  func complete() throws -> JSON? {
    var model = try run.mergedModel(statistics)
    let resolved = try resolveHeads(&model)
    let outcome = try communicator.agreeOnRoot(run.root, in: "writing the models") { [model] root in
      guard let recipe = root.recipe, let model else { preconditionFailure("the root merges by a recipe") }
      let writer = MergeWriter(
        session: session, recipe: recipe, plan: plan, inputs: root.inputs, output: run.output, shardBytes: shardBytes)
      let heads = try heads(of: root.inputs.models, resolved)
      return Outcome(root: root, model: model, writer: writer, written: try writer.writeModels(model.merge, heads))
    }
    run.clock.end("merge and write")
    let tests = try scores(outcome?.written, resolved)
    if !tests.isEmpty { run.clock.end("evaluate") }
    let peaks = try communicator.gather(Int64(ProcessMemory.peakResidentBytes))
    return try communicator.agreeOnRoot(outcome, in: "writing the manifest") { (outcome: Outcome) -> JSON in
      let (writer, written) = (outcome.writer, outcome.written)
      let facts = MergeFacts(
        model: outcome.model, heads: resolved?.reports ?? [], disagreement: written.disagreement,
        hashes: written.hashes,
        estimations: statistics.estimations, clock: run.clock, peaks: peaks ?? [], tests: tests, search: search)
      let manifest = try writer.manifest(facts)
      let report = try RunReport(
        session: session, recipe: writer.recipe, plan: plan, facts: facts)
      try outcome.root.stamps.requireUnchanged()
      try writer.finish(written, manifest: manifest, others: [("report.html", report.html)] + (search?.files ?? []))
      conclude(facts)
      return manifest
    }
  }

  /// The heads as they are written.
  private func heads(of models: [StoredModel], _ resolved: HeadSolves.Solution?) throws -> MergedHeads {
    let coefficients = try plan.coefficients()
    guard let resolved else { return try MergedHeads(plan.heads, of: models, coefficients) }
    return try MergedHeads(own: models, coefficients, resolved: resolved.values)
  }

  /// Solves all heads anew where the recipe asks for that; nil where it does not. **Collective.**
  ///
  /// - Parameter model: the root's; is in memory afterwards.
  private func resolveHeads(_ model: inout MergedModel?) throws -> HeadSolves.Solution? {
    guard plan.heads == .resolve else { return nil }
    let models = try run.openModels()
    let own = try MergedHeads(.keep, of: models, try plan.coefficients())
    let weights = try communicator.agree(in: "reading the heads") { try MergedWeights(models: models, heads: own) }
    try communicator.agreeOnRoot(model, in: "merging the models") { model in
      try weights.fill { try model.merge.merge($0, into: $1) }
      weights.round(to: plan.outputType.precision)
    }
    model = model.map { MergedModel(merge: KeptMerge($0.merge, in: weights), magnitude: $0.magnitude) }
    try weights.broadcast(communicator)
    let examples = plan.models.reduce(0) { $0 + ($1.data?.examples ?? 0) }
    let progress = PhaseProgress("solving heads", total: examples, console: session.console)
    defer {
      progress.finish()
      run.clock.end("solve heads")
    }
    return try HeadSolves(communicator: communicator, plan: plan, models: models).run(
      weights, examples: HeldExamples(run)
    ) { progress.advance(by: $0 * communicator.size) }
  }

  /// The scores of the single models, their plain average and the merged ones on the recipe's test files; of the last
  /// with their own heads and then with those that were solved anew. Root's; empty where the recipe names none.
  /// **Collective.**
  private func scores(_ written: MergeWriter.Written?, _ resolved: HeadSolves.Solution?) throws -> [ScoreColumn] {
    guard plan.models.contains(where: { $0.test != nil }) else { return [] }
    let models = try run.openModels()
    let tasks = try TaskExamples.share(
      run.root?.inputs.sources.map(\.test), plan.models.map(\.test), models, communicator,
      siteExamples: run.sites.tests)
    let evaluation = TaskEvaluation(models: models, tasks: tasks, communicator: communicator)
    let progress = PhaseProgress(
      "evaluating", total: (resolved == nil ? 3 : 4) * evaluation.exampleCount, console: session.console)
    defer { progress.finish() }
    let advance: (Int) -> Void = { progress.advance(by: $0 * communicator.size) }
    var columns: [ScoreColumn] = []
    let single = try evaluation.run(progress: advance) { Encoder(weights: try models[$0].singlePrecisionWeights()) }
    columns.append(ScoreColumn(.single, single))
    warn(single)
    let uniform = try Coefficients.uniform(models: plan.names)
    let weights = try MergedWeights(models: models, heads: try MergedHeads(plan.heads, of: models, uniform))
    try communicator.agree(in: "averaging the models") {
      let average = AverageMerge(models, by: uniform)
      try weights.fill { try average.merge($0, into: $1) }
    }
    columns.append(ScoreColumn(.uniform, try evaluation.run(progress: advance) { try weights.encoder(task: $0) }))
    try communicator.agreeOnRoot(written, in: "reading the merged model") { written in
      try weights.fill { parameter, target in
        guard let tensor = written.backbone[models[0].family.bareName(parameter.name)] else { return }
        try tensor.copy(into: target)
      }
    }
    try communicator.agree(in: "reading the heads") {
      try weights.setHeads(try MergedHeads(plan.heads, of: models, try plan.coefficients()))
    }
    try weights.broadcast(communicator)
    columns.append(ScoreColumn(.merged, try evaluation.run(progress: advance) { try weights.encoder(task: $0) }))
    guard let resolved else { return columns }
    try communicator.agree(in: "reading the heads") { try weights.setHeads(try heads(of: models, resolved)) }
    columns.append(ScoreColumn(.resolved, try evaluation.run(progress: advance) { try weights.encoder(task: $0) }))
    return columns
  }

  /// Says where a source model's labels do not seem to be those of its data.
  private func warn(_ scores: [TaskScore?]) {
    for (model, score) in zip(plan.models, scores) {
      if let finding = score?.finding { session.console.warn(finding.text(model: model.name)) }
    }
  }
}
