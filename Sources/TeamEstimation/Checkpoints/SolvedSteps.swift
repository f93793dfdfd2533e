import Checkpoints
import Diagnostics
import LinearAlgebra
import Merging
import MessagePassing
import Parameters
import Planning
import Sessions
import SystemPackage

/// The steps of a merge in forward order that are done: kept by the root after each, so that `--resume` goes on with the
/// first that is not.
package final class SolvedSteps {
  private let session: Session
  private let directory: CheckpointDirectory
  private let settings: CheckpointSettings
  private let hash: String
  /// Whether the steps so far were all found.
  private var resumes: Bool

  package init(session: Session, plan: Plan, settings: CheckpointSettings, directory: CheckpointDirectory) throws {
    self.session = session
    self.directory = directory
    self.settings = settings
    hash = try plan.hash()
    resumes = settings.resumes
  }

  /// From now on signals to stop are counted instead of ending the process.
  package func begin() { Signals.install() }

  /// And end it again.
  package func end() { Signals.endOnTermination() }

  /// What an earlier run has solved at a step; nil where that is to be done. On the root. Damaged files are named, and
  /// their work and all after it is done again.
  package func found(_ step: Int, _ parameters: [Parameter]) throws -> SolvedStepsFile? {
    guard resumes else { return nil }
    let path = directory.solvedStep(of: hash, step)
    guard let file = read(path, step, parameters) else {
      resumes = false
      return nil
    }
    if file.processor != session.processors { try session.allowUnlike(path, computedOn: file.processor) }
    return file
  }

  private func read(_ path: FilePath, _ step: Int, _ parameters: [Parameter]) -> SolvedStepsFile? {
    guard FileSystem.exists(path) else { return nil }
    do {
      return try SolvedStepsFile(path: path, plan: hash, step: step, parameters: parameters)
    } catch {
      let error = diagnosis(of: error)
      session.console.warn("\(error.subject): \(error.problem); this step and those after it are done again")
      return nil
    }
  }

  /// Keeps what a step has solved. On the root. A file that cannot be written is warned of: the run goes on.
  package func keep(_ step: Int, _ values: [(parameter: Parameter, values: Buffer<Float>)], _ reports: [SolveReport]) {
    do {
      try SolvedStepsFile.write(
        values, reports: reports, plan: hash, step: step, processor: session.processors,
        to: directory.solvedStep(of: hash, step))
    } catch {
      session.console.warn("a checkpoint could not be written, and the run goes on: \(diagnosis(of: error).problem)")
    }
  }

  /// Ends the run on all ranks where it was asked to, after what was done is kept. **Collective.**
  package func leaveIfStopped() throws {
    let end = settings.maximumSeconds.map { session.start + .seconds($0) }
    let isOver = session.isRoot && end.map { ContinuousClock.now >= $0 } ?? false
    let own = Signals.stopRequests > 0 ? Interruption.signal.rawValue : isOver ? Interruption.maximumTime.rawValue : 0
    let stop = try session.communicator.allReduce(own, .maximum)
    guard let reason = Interruption(rawValue: stop) else { return }
    try session.communicator.agreeOnRoot(in: "leaving", namesRank: false) {
      throw CheckpointError.interrupted(by: reason, directory.path)
    }
  }
}
