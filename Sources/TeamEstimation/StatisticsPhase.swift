import Checkpoints
import Diagnostics
import Estimation
import Foundation
import Planning
import Sessions
import StatisticsFiles
import SystemPackage

/// The part of a run that comes to every model's statistics: takes those that are given as files, and has the others
/// estimated into files.
package struct StatisticsPhase {
  let session: Session
  let plan: Plan
  let settings: CheckpointSettings
  let directory: CheckpointDirectory
  let writesExamples: Bool

  /// - Parameter writesExamples: whether ranks may find the examples in files of the directory.
  package init(
    session: Session, plan: Plan, settings: CheckpointSettings, directory: CheckpointDirectory,
    writesExamples: Bool = true
  ) {
    self.writesExamples = writesExamples
    self.session = session
    self.plan = plan
    self.settings = settings
    self.directory = directory
  }

  package struct Result {
    /// The files of each model.
    package var files: [[FilePath]] = []
    /// What the estimation of each model came to; nil for one that had files.
    package var estimations: [EstimationSummary?] = []

    package init(files: [[FilePath]] = [], estimations: [EstimationSummary?] = []) {
      self.files = files
      self.estimations = estimations
    }
  }

  /// Estimates what no file has.
  ///
  /// - Parameter inputs: the root's, which let go of the examples of models that are done.
  ///
  /// **Collective.**
  package func run(_ inputs: Inputs?) throws -> Result {
    let models = plan.models.indices.filter { plan.models[$0].statistics == nil }
    var job = EstimationJob(session: session, plan: plan, settings: settings, directory: directory)
    job.writesExamples = writesExamples
    let finished = try finished(among: models, inputs, job)
    let left = try job.broadcast(models.filter { !finished.contains($0) })
    let estimates = try job.run(inputs, models: left) { result in
      let planned = plan.models[result.task.model]
      let used = result.opened.examples.part(result.examples)
      try StatisticsFile.write(
        EstimatedStatistics(result.statistics, examples: used.count, tokens: used.tokenCount),
        StatisticsDescription(
          plan, planned, job.options, modelHash: result.task.modelHash, dataHash: result.task.dataHash, used,
          of: result.opened.examples, processor: result.task.processors(with: session.processors)),
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

  /// Which models' statistics the directory has, from just these examples and weights; on the root, none elsewhere.
  ///
  /// All ranks read the files, each some of them; what one cannot read, or finds damaged, is for the root to look at.
  /// **Collective.**
  private func finished(among models: [Int], _ inputs: Inputs?, _ job: EstimationJob) throws -> Set<Int> {
    let world = session.communicator
    let found = try world.agreeOnRoot(in: "looking for finished statistics") {
      try models.filter { try hasStatistics(of: $0, inputs) }
    }
    let candidates = try job.broadcast(found ?? [])
    var intact: [Int: FileStamp] = [:]
    for (turn, model) in candidates.enumerated() where turn * world.size / candidates.count == world.rank {
      let path = path(of: model)
      let stamp = FileStamp(path)
      if (try? StatisticsFile(path: path).requireIntact()) != nil { intact[model] = stamp }
    }
    let all = try world.gather(Array(try JSONEncoder().encode(intact))) ?? []
    return try world.agreeOnRoot(in: "reading finished statistics") {
      for bytes in all {
        intact.merge(try JSONDecoder().decode([Int: FileStamp].self, from: Data(bytes))) { first, _ in first }
      }
      return Set(try candidates.filter { try isFinished($0, intact[$0]) })
    } ?? []
  }

  private func path(of model: Int) -> FilePath {
    directory.statistics(of: plan.models[model].name, plan.statistics)
  }

  /// Whether the directory has a file that says it is a model's statistics from just these examples and weights. On the
  /// root.
  private func hasStatistics(of model: Int, _ inputs: Inputs?) throws -> Bool {
    let planned = plan.models[model]
    let path = path(of: model)
    guard settings.resumes, FileSystem.exists(path), let inputs,
      let examples = inputs.sources[model].examples
    else { return false }
    return try removingDamaged(path) {
      let hashes = try inputs.hashes(of: model)
      let expected = StatisticsDescription(
        plan, planned, EstimationOptions(), modelHash: hashes.model, dataHash: hashes.data ?? "", examples,
        of: examples, processor: session.processors)
      let found = try StatisticsFile(path: path).description
      guard found.isSameWork(as: expected) else {
        try FileSystem.remove(path)
        session.console.note("\(planned.name): \(path) has other statistics, which are replaced")
        return false
      }
      if found != expected {
        try session.allowUnlike(path, computedOn: found.parts.map(\.processor).joined(separator: " | "))
      }
      return true
    }
  }

  /// Whether the sums in such a file are those that were written. On the root.
  ///
  /// - Parameter stamp: of the file in which a rank has found them so; nil where none has.
  private func isFinished(_ model: Int, _ stamp: FileStamp?) throws -> Bool {
    let path = path(of: model)
    guard
      try removingDamaged(
        path,
        {
          if stamp == nil || stamp != FileStamp(path) { try StatisticsFile(path: path).requireIntact() }
          return true
        })
    else { return false }
    session.console.note("\(plan.models[model].name): its statistics are in \(path) already")
    return true
  }

  /// False for a file that cannot be used, which is removed with a warning.
  private func removingDamaged(_ path: FilePath, _ body: () throws -> Bool) throws -> Bool {
    do { return try body() } catch let error as UnlikeProcessors {
      throw error
    } catch {
      let error = diagnosis(of: error)
      session.console.warn("\(error.subject): \(error.problem); it is estimated again")
      try FileSystem.remove(path)
      return false
    }
  }
}
