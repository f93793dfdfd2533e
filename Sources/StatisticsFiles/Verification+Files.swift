import Checkpoints
import Diagnostics
import Encoders
import Foundation
import SystemPackage
import Terminal

extension Verification {
  /// Verifies files one after the other, and prints a line for each check.
  ///
  /// - Parameter model: a directory or a name in the hub cache, or nil.
  /// - Returns: the report, and the last file's failure if any; those of earlier files were printed.
  package static func run(
    _ paths: [FilePath], model: String?, console: Console
  ) throws -> (json: JSON, failure: (any DiagnosedError)?) {
    let reference = try model.map { name in
      let model = try StoredModel(
        directory: ModelReference.resolve(
          name, relativeTo: ".", environment: ProcessInfo.processInfo.environment
        ).directory)
      return (model: model, hash: try InputHashes(model.files).model, name: name)
    }
    var failure: (any DiagnosedError)?
    var files: [JSON] = []
    for path in paths {
      var checks: [Check] = []
      var found: (any DiagnosedError)?
      do {
        try run(path, model: reference) { check in
          checks.append(check)
          console.result("\(legible(path.string)): \(check.name): \(check.detail)")
        }
      } catch {
        found = diagnosis(of: error)
        if let failure { console.error(failure.description) }
        failure = found
      }
      files.append([
        "file": .string(path.string), "passed": .bool(found == nil),
        "checks": .array(checks.map { ["name": .string($0.name), "detail": .string($0.detail)] }),
        "error": found.map { .string("\($0.subject): \($0.problem)") } ?? .null,
      ])
    }
    return (["files": .array(files)], failure)
  }
}
