import Checkpoints
import Encoders
import Estimation
import Foundation
import MessagePassing
import SystemPackage

/// The part of a run that comes to every model's statistics: takes those that are given as files, and has the others estimated into
/// files.
struct StatisticsPhase {
  let session: Session
  let plan: Plan
  let settings: CheckpointSettings
  let directory: CheckpointDirectory

  struct Result {
    /// The files of each model.
    var files: [[FilePath]] = []
    /// What the estimation of each model came to; nil for one that had files.
    var estimations: [EstimationSummary?] = []
  }

  /// Estimates what no file has.
  ///
  /// - Parameter planner: the root's, which lets go of the examples of models that are done.
  ///
  /// **Collective.**
  func run(_ planner: inout Planner?) throws -> Result {
    let world = session.communicator
    let models = plan.models.indices.filter { plan.models[$0].statistics == nil }
    let finished = try world.agreeOnRoot(in: "looking for finished statistics") {
      try models.filter { try isFinished($0, planner) }
    } ?? []
    let job = EstimationJob(session: session, plan: plan, settings: settings, directory: directory)
    let left = try job.broadcast(models.filter { !finished.contains($0) })
    let estimates = try job.run(&planner, models: left) { result in
      let planned = plan.models[result.task.model]
      let used = result.opened.examples.part(result.examples)
      try StatisticsFile.write(
        EstimatedStatistics(result.statistics, examples: used.count, tokens: used.tokenCount),
        StatisticsDescription(
          plan, planned, job.options, modelHash: result.task.modelHash, dataHash: result.task.dataHash, used,
          of: result.opened.examples),
        fingerprints: nil, type: .float64, to: directory.statistics(of: planned.name, plan.statistics))
    }
    return Result(
      files: plan.models.map { planned in
        planned.statistics?.files.map { FilePath($0) } ?? [directory.statistics(of: planned.name, plan.statistics)]
      },
      estimations: plan.models.indices.map { model in
        estimates[model].map { EstimationSummary(plan.models[model], $0) }
      })
  }

  /// Whether the directory has a model's statistics, from just these examples and weights. On the root.
  private func isFinished(_ model: Int, _ planner: Planner?) throws -> Bool {
    let planned = plan.models[model]
    let path = directory.statistics(of: planned.name, plan.statistics)
    guard settings.resumes, FileManager.default.fileExists(atPath: path.string), let source = planner?.sources[model], let examples = source.examples,
      let hashes = source.hashes
    else { return false }
    do {
      let file = try StatisticsFile(path: path)
      let expected = StatisticsDescription(
        plan, planned, EstimationOptions(), modelHash: hashes.model, dataHash: hashes.data ?? "", examples, of: examples)
      guard file.description == expected else {
        try FileManager.default.removeItem(atPath: path.string)
        session.console.note("\(planned.name): \(path) has other statistics, which are replaced")
        return false
      }
      try file.requireIntact()
    } catch {
      session.console.warn("\(error); it is estimated again")
      try FileManager.default.removeItem(atPath: path.string)
      return false
    }
    session.console.note("\(planned.name): its statistics are in \(path) already")
    return true
  }
}
