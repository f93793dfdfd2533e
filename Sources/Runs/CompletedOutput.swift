import Checkpoints
import Planning
import SystemPackage

/// An output that an earlier run of the same work has completed: a job that was killed between the last rename and its
/// exit, and is queued again, has nothing left to do.
enum CompletedOutput {
  private static func manifest(_ output: FilePath) -> FilePath { output.appending("manifest.json") }

  /// Whether something is there that may be such an output. **Not collective.**
  static func isPossible(_ output: FilePath) -> Bool { FileSystem.exists(manifest(output)) }

  /// The manifest of the output, if it is of this plan. **Not collective.**
  ///
  /// - Throws: ``OutputError/exists(_:)`` where it is of another.
  static func manifest(of output: FilePath, for plan: Plan) throws -> JSON {
    let found = try JSON(contentsOf: manifest(output))
    guard found["plan_sha256"]?.string == (try plan.hash()) else { throw OutputError.exists(output) }
    return found
  }
}
