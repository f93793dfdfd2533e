import Checkpoints
import Sessions
import SystemPackage

extension Session {
  /// Runs what keeps its work in a directory of checkpoints, and clears it up: after success what is of no more use,
  /// after a failure nothing that `--resume` can use.
  ///
  /// - Parameter isNeeded: whether anything will be kept.
  ///
  /// **Collective.**
  package func withCheckpoints<Value>(
    in directory: CheckpointDirectory, resumes: Bool, isNeeded: Bool, _ body: () throws -> Value
  ) throws -> Value {
    guard isNeeded else { return try body() }
    let lock = try communicator.agreeOnRoot(in: "opening the checkpoints") { try directory.open(resumes: resumes) }
    return try withExtendedLifetime(lock) {
      do {
        let value = try body()
        if isRoot { directory.clean() }
        return value
      } catch {
        if isRoot { directory.cleanAfterFailure() }
        throw error
      }
    }
  }
}
