import Diagnostics
import SystemPackage

/// Why an input file cannot be read.
package enum FileAccessError: DiagnosedError, Equatable {
  case missing(FilePath)
  case cannotOpen(FilePath, Errno)
  case notRegular(FilePath)
  case cannotMap(FilePath, bytes: Int, Errno)

  package var path: FilePath {
    switch self {
    case .missing(let path), .cannotOpen(let path, _), .notRegular(let path), .cannotMap(let path, _, _): path
    }
  }

  package var subject: String { path.string }

  package var problem: String {
    switch self {
    case .missing: "there is no such file"
    case .cannotOpen(_, let code): "the file cannot be opened: \(code)"
    case .notRegular: "this is a directory or a device, not a file"
    case .cannotMap(_, let bytes, let code): "the file of \(bytes) bytes cannot be mapped into memory: \(code)"
    }
  }

  /// The problem for a message that says already that the file cannot be read.
  package var reason: String {
    if case .cannotOpen(_, .permissionDenied) = self { "permission denied" } else { problem }
  }

  package var isMissing: Bool { if case .missing = self { true } else { false } }

  package var remedy: String {
    switch self {
    case .missing: "check the path; in a hub cache, check that the symbolic link's target was downloaded"
    case .cannotOpen(_, .permissionDenied): "give this user the right to read it"
    case .cannotOpen(_, .tooManyOpenFiles), .cannotOpen(_, .tooManyOpenFilesInSystem):
      "raise the limit of open files (ulimit -n)"
    case .cannotOpen: "check the path and the file system"
    case .notRegular: "name the file itself"
    case .cannotMap: "check the limit on address space (ulimit -v) and the file system"
    }
  }

  package var exitCode: FailureCode { .missingInput }
}
