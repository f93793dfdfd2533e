import Checkpoints
import Planning
import Sessions
import SystemPackage

/// An output that an earlier run of the same work has completed: a job that was killed between the last rename and its
/// exit, and is queued again, has nothing left to do.
struct CompletedOutput {
  let output: FilePath
  /// The file in the output that says what was done.
  let record: String
  let resumes: Bool
  /// Whether the record, or what it says of a search, is of the same work as a plan.
  let isOf: (JSON, Plan) throws -> Bool

  init(
    _ output: FilePath, record: String = "manifest.json", resumes: Bool,
    isOf: @escaping (JSON, Plan) throws -> Bool = { try $0["plan_sha256"]?.string == $1.hash() }
  ) {
    (self.output, self.record, self.resumes, self.isOf) = (output, record, resumes, isOf)
  }

  /// Checks before the planning that there can be an output, unless a completed one may be there already.
  /// **Not collective.**
  func check() throws {
    if !resumes || !FileSystem.exists(output.appending(record)) { try AtomicDirectory.check(output) }
  }

  /// Whether a resume finds its work done, which is then said, and the record on the root. **Collective.**
  ///
  /// - Throws: ``OutputError/exists(_:)`` where the output is of other work.
  func find(_ run: PlannedRun) throws -> (isThere: Bool, record: JSON?) {
    let found = try run.communicator.agreeOnRoot(run.root, in: "looking at the output") { root -> [JSON] in
      guard resumes, FileSystem.exists(output.appending(record)) else { return [] }
      let found = try JSON(contentsOf: output.appending(record))
      guard try isOf(found, root.plan) else { throw OutputError.exists(output) }
      return [found]
    }
    guard try run.communicator.broadcast(Int64(found?.count ?? 0)) > 0 else { return (false, nil) }
    run.session.console.result("\(output)/ is complete already: an earlier run of the same work has written it")
    return (true, found?.first)
  }
}
