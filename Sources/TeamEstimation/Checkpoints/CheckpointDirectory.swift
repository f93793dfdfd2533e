import Checkpoints
import Estimation
import Foundation
import Sessions
import SystemPackage

/// The directory in which a run keeps what it has done: finished statistics, checkpoints of unfinished ones, and the
/// examples for the other ranks.
///
/// | name | content |
/// |---|---|
/// | `MODEL.KIND.safetensors` | finished statistics, an ordinary statistics file |
/// | `MODEL.HASH.TEAM-GENERATION.sums` | sums of some blocks, see ``CheckpointFile`` |
/// | `PLAN.STEP.solved` | layers that a merge in forward order has solved, see ``SolvedStepsFile`` |
/// | `MODEL.examples` | tokenised examples |
/// | `lock` | held by the first rank of the run that uses the directory |
///
/// Every team writes its own checkpoints at its own time; they need no agreement, because sums over disjoint sets of
/// blocks add up, whoever made them. A team keeps the checkpoint before its last one. Where a team has handed over its
/// sums, the receiver's next checkpoint holds them too; so of two files of a task, one's blocks are part of the other's
/// or none are.
package struct CheckpointDirectory: Sendable {
  let path: FilePath
  /// Whether it is removed when the run has succeeded.
  let isTemporary: Bool

  /// The directory of a run.
  package init(_ settings: CheckpointSettings, output: FilePath) {
    isTemporary = settings.directory == nil
    path = settings.directory ?? Self.beside(output)
  }

  init(path: FilePath, isTemporary: Bool) { (self.path, self.isTemporary) = (path, isTemporary) }

  private static func beside(_ output: FilePath) -> FilePath {
    output.removingLastComponent().appending(".\(output.lastComponent?.string ?? "output").checkpoint")
  }

  /// Beside it, that of a site, named after one of its models: on the site's disk, which may be the same.
  package func ofSite(_ name: String) -> CheckpointDirectory {
    CheckpointDirectory(
      path: path.removingLastComponent().appending("\(path.lastComponent?.string ?? "").site-\(name)"),
      isTemporary: isTemporary)
  }

  package func statistics(of model: String, _ kinds: [StatisticKind]) -> FilePath {
    path.appending("\(model).\(kinds.map(\.name).joined(separator: "+")).safetensors")
  }

  func examples(of model: String) -> FilePath { path.appending("\(model).examples") }

  func checkpoint(of model: String, task: String, team: Int, generation: Int) -> FilePath {
    path.appending("\(model).\(task.prefix(16)).\(team)-\(generation)\(Self.suffix)")
  }

  /// The layers that a merge has solved at one step.
  func solvedStep(of plan: String, _ step: Int) -> FilePath {
    path.appending("\(plan.prefix(16)).\(step)\(Self.solvedSuffix)")
  }

  private static let suffix = ".sums"
  private static let solvedSuffix = ".solved"

  /// The checkpoint files, in the order of their names; of one task where its hash is given.
  func checkpoints(of task: String? = nil) -> [FilePath] {
    let names = (try? FileSystem.names(in: path)) ?? []
    let mark = task.map { ".\($0.prefix(16))." } ?? ""
    return names.filter { !$0.hasPrefix(".") && $0.hasSuffix(Self.suffix) && (mark.isEmpty || $0.contains(mark)) }
      .sorted()
      .map { path.appending($0) }
  }

  /// One more than the highest generation of any file.
  var nextGeneration: Int {
    let generations = checkpoints().compactMap { file -> Int? in
      let stem = file.lastComponent?.string.dropLast(Self.suffix.count) ?? ""
      return stem.split(separator: "-").last.flatMap { Int($0) }
    }
    return (generations.max() ?? -1) + 1
  }

  /// Whether anything is in it that would have to be done again.
  var holdsWork: Bool {
    let names = (try? FileSystem.names(in: path)) ?? []
    return names.contains { name in
      !name.hasPrefix(".") && [Self.suffix, Self.solvedSuffix, ".safetensors"].contains(where: name.hasSuffix)
    }
  }

  /// Deletes the checkpoints of a task that is finished.
  func removeCheckpoints(of task: String) {
    for file in checkpoints(of: task) { try? FileSystem.remove(file) }
  }

  /// After a run that has succeeded: everything goes where the directory is the run's own; else finished statistics
  /// stay.
  func clean() {
    guard !isTemporary else {
      try? FileSystem.remove(path)
      return
    }
    for name in (try? FileSystem.names(in: path)) ?? []
    where [Self.suffix, Self.solvedSuffix, ".examples"].contains(where: name.hasSuffix) || name == Self.lockName {
      try? FileSystem.remove(path.appending(name))
    }
  }

  /// After a run that has failed: nothing stays that would be of no use.
  func cleanAfterFailure() {
    guard !holdsWork else { return }
    if isTemporary {
      try? FileSystem.remove(path)
    } else {
      clean()
    }
  }

  static let lockName = "lock"
}

extension CheckpointDirectory {
  /// Refuses a directory with the work of an earlier run that is not to be resumed, and what is no directory. Changes
  /// nothing.
  package func check(resumes: Bool) throws(CheckpointError) {
    guard let kind = FileSystem.kind(path) else { return }
    guard kind == .directory else { throw .notADirectory(path) }
    guard resumes || !holdsWork else { throw .exists(path) }
    // Under another version their names differ, so nobody would look at them, and the end of the run would delete them.
    for file in checkpoints() {
      do { _ = try CheckpointFile(path: file) } catch {
        if let error = error as? CheckpointError, error == .otherVersion(file) { throw error }
      }
    }
  }

  /// Creates the directory where it is missing, and takes the right to use it for as long as the lock lives; waits a
  /// little for a run that is being ended. On the root.
  ///
  /// - Parameter resumes: whether work of an earlier run may be there.
  func open(resumes: Bool) throws -> FileLock {
    try check(resumes: resumes)
    if !FileSystem.exists(path) {
      do throws(Errno) { try FileSystem.makeDirectory(path) } catch {
        throw CheckpointError.cannotCreate(path, reason: "\(error)")
      }
    }
    for _ in 0..<Self.attempts {
      if let lock = try FileLock(path.appending(Self.lockName)) { return lock }
      usleep(250_000)
    }
    throw CheckpointError.inUse(path)
  }

  /// Twenty seconds: a launcher that was killed takes its ranks along within a few.
  private static let attempts = 80
}
