import Diagnostics
import SystemPackage

/// What can go wrong with checkpoints, and how a run ends that was asked to leave.
package enum CheckpointError: DiagnosedError, Equatable {
  /// The directory holds the work of an earlier run, and the run was not told to resume.
  case exists(FilePath)
  case notADirectory(FilePath)
  case inUse(FilePath)
  case cannotCreate(FilePath, reason: String)
  case invalid(FilePath, reason: String)
  /// Another version of the program wrote it.
  case otherVersion(FilePath)
  /// The run was asked to leave, and has left its work in the directory.
  case interrupted(by: Interruption, FilePath)

  package var subject: String {
    switch self {
    case .exists(let path), .notADirectory(let path), .inUse(let path), .cannotCreate(let path, _),
      .invalid(let path, _), .otherVersion(let path):
      path.string
    case .interrupted(let cause, _): cause.description
    }
  }

  package var problem: String {
    switch self {
    case .exists: "it holds checkpoints of an earlier run"
    case .notADirectory: "checkpoints go into a directory, and this is none"
    case .inUse: "another run is using these checkpoints"
    case .cannotCreate(_, let reason): "the directory for checkpoints cannot be created: \(reason)"
    case .otherVersion: "another version of fishermerge wrote this checkpoint, and its sums mean something else"
    case .invalid(_, let reason): "the checkpoint is damaged: \(reason)"
    case .interrupted(_, let path): "the run was interrupted; what it has done is in \(path)"
    }
  }

  package var remedy: String {
    switch self {
    case .exists: "go on from there with --resume, or delete the directory"
    case .notADirectory: "name another one with --checkpoint"
    case .inUse: "wait until it has ended, or name another directory with --checkpoint"
    case .cannotCreate: "check that the directory above it exists and can be written"
    case .otherVersion: "finish the run with the version that began it, or delete the directory and begin again"
    case .invalid: "delete the file; its work is done again"
    case .interrupted: "run the same command with --resume"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .exists, .notADirectory, .cannotCreate: .cannotCreate
    case .inUse: .cannotCreate
    case .invalid, .otherVersion: .badInput
    case .interrupted: .interrupted
    }
  }
}

/// Why a run leaves before it is done.
package enum Interruption: Int64, Sendable, CustomStringConvertible {
  case signal = 1
  case maximumTime

  package var description: String {
    switch self {
    case .signal: "a signal to stop"
    case .maximumTime: "--max-time"
    }
  }
}
