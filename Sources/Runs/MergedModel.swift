import Merging
import ModelMerging
import Sessions
import StatisticsFiles
import SystemPackage
import TeamEstimation
import Terminal

/// The merge of a run, on the root: parameters that can be asked for, and what is said of the statistics.
struct MergedModel {
  let merge: any ParameterMerge
  let magnitude: StatisticMagnitude?
}

extension PlannedRun {
  /// Does what a method's phase asks of all ranks, and makes the merge of it. The root's, nil elsewhere.
  /// **Collective.**
  func mergedModel(_ statistics: StatisticsPhase.Result) throws -> MergedModel? {
    let method = try plan.mergeMethod()
    let coefficients = try plan.coefficients()
    switch method.phase {
    case .none:
      return try communicator.agreeOnRoot(root, in: "reading the statistics") { root in
        let readers = try zip(root.inputs.sources, statistics.files).map {
          try $0.statistics ?? StatisticsFile.open($1)
        }
        let preparation = try method.prepare(
          MergeInputs(models: root.inputs.models, names: plan.names, base: root.inputs.base, readers: readers))
        return MergedModel(merge: try preparation.merge(by: coefficients), magnitude: preparation.magnitude)
      }
    case .systems(let rule):
      return solved(try solve(rule, coefficients, statistics.files), coefficients)
    case .layers(let rule):
      return solved(try solveLayerByLayer(rule, coefficients), coefficients)
    case .distillation(let rule):
      return solved(try distill(rule, coefficients, statistics.files), coefficients)
    }
  }

  private func solved(_ solution: SolvedLayers?, _ coefficients: Coefficients) -> MergedModel? {
    defer { clock.end("solve") }
    guard let root, let solution else { return nil }
    return MergedModel(merge: SolvedMerge(root.inputs.models, by: coefficients, solution), magnitude: nil)
  }

  /// Linear layers from the statistics in files. Gives the solution on the root. **Collective.**
  private func solve(
    _ rule: RegMeanRule, _ coefficients: Coefficients, _ files: [[FilePath]]
  ) throws -> SolvedLayers? {
    let models = try openModels()
    // Another host may not see the root's files; only the root has to.
    let readers = SharedPlan.openStatistics(files, plan)
    let merge = try communicator.agree(in: "opening the statistics") { () -> RegMeanMerge? in
      guard session.isRoot || readers != nil else { return nil }
      return RegMeanMerge(
        rule: rule, coefficients: coefficients, models: models,
        statistics: try readers ?? files.map { try StatisticsFile.open($0) })
    }
    let solution = try RegMeanSolves(
      communicator: communicator, console: session.console,
      systems: LinearSystem.all(of: models[0].mergedParameters, rule: rule), merge: merge
    ).run()
    return try communicator.agreeOnRoot(solution, in: "reading the token counts") { solution in
      var solution = solution
      solution.tokenRows = try merge?.tokenRows()
      return solution
    }
  }

  /// Layers towards the models' own outputs. Gives the solution on the root. **Collective.**
  private func distill(
    _ rule: DistillRule, _ coefficients: Coefficients, _ files: [[FilePath]]
  ) throws -> SolvedLayers? {
    let models = try openModels()
    let readers = try communicator.agreeOnRoot(root, in: "opening the statistics") { root in
      try zip(root.inputs.sources, files).map { try $0.statistics ?? StatisticsFile.open($1) }
    }
    let steps = Distillation.steps(models[0].layout)
    let progress = PhaseProgress("merging", total: steps, unit: "steps", console: session.console)
    defer { progress.finish() }
    return try Distillation(
      communicator: communicator, plan: plan, rule: rule, coefficients: coefficients, models: models,
      statistics: readers ?? [],
      checkpoints: try SolvedSteps(session: session, plan: plan, settings: checkpoints, directory: directory),
      activationBytes: activationBytes
    ).run(examples: HeldExamples(self), progress: progress)
  }

  /// Layers from statistics of the merged layers below. Gives the solution on the root. **Collective.**
  private func solveLayerByLayer(_ rule: RegMeanRule, _ coefficients: Coefficients) throws -> SolvedLayers? {
    let models = try openModels()
    let progress = PhaseProgress(
      "merging", total: models.count * RegMeanPlusPlus.steps(models[0].layout), unit: "layers", console: session.console
    )
    defer { progress.finish() }
    return try RegMeanPlusPlus(
      communicator: communicator, plan: plan, rule: rule, coefficients: coefficients, models: models,
      checkpoints: try SolvedSteps(session: session, plan: plan, settings: checkpoints, directory: directory)
    ).run(examples: HeldExamples(self), progress: progress)
  }
}
