import Diagnostics
import SystemPackage

extension JSON {
  /// Reads a file that holds one JSON value.
  package init(contentsOf path: FilePath) throws(JSONFileError) {
    let file: MappedFile
    do throws(FileAccessError) { file = try MappedFile(path: path) } catch { throw .unreadable(error) }
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    do throws(JSONError) { try self.init(parsing: file.bytes) } catch { throw .malformed(path, error) }
  }
}

/// Why a file does not hold a JSON value.
package enum JSONFileError: DiagnosedError, Equatable {
  case unreadable(FileAccessError)
  case malformed(FilePath, JSONError)

  package var subject: String {
    switch self {
    case .unreadable(let error): error.subject
    case .malformed(let path, _): path.string
    }
  }

  package var problem: String {
    switch self {
    case .unreadable(let error): error.problem
    case .malformed(_, let error): "the file is not valid JSON: \(error)"
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable(let error): error.remedy
    case .malformed: "correct the file, or fetch it again"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .unreadable(let error): error.exitCode
    case .malformed: .badInput
    }
  }
}
