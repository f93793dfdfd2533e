import Diagnostics
import SystemPackage

extension JSON {
  /// Reads a file that holds one JSON value.
  package init(contentsOf path: FilePath) throws(JSONFileError) {
    let file: MappedFile
    do throws(FileAccessError) { file = try MappedFile(path: path) } catch { throw .unreadable(error) }
    try self.init(file)
  }

  /// Reads a mapped file that holds one JSON value.
  package init(_ file: MappedFile) throws(JSONFileError) {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    guard file.bytes.count <= Self.maximumFileBytes else {
      throw .tooLarge(file.path, bytes: file.bytes.count, limit: Self.maximumFileBytes)
    }
    do throws(JSONError) { try self.init(parsing: file.bytes) } catch { throw .malformed(file.path, error) }
  }

  /// The largest file that is read as JSON, 64 MiB: the tokenizers and indexes of the largest models have half of that.
  package static let maximumFileBytes = 1 << 26
}

/// Why a file does not hold a JSON value.
package enum JSONFileError: DiagnosedError, Equatable {
  case unreadable(FileAccessError)
  case malformed(FilePath, JSONError)
  case tooLarge(FilePath, bytes: Int, limit: Int)

  package var subject: String {
    switch self {
    case .unreadable(let error): error.subject
    case .malformed(let path, _), .tooLarge(let path, _, _): path.string
    }
  }

  package var problem: String {
    switch self {
    case .unreadable(let error): error.problem
    case .malformed(_, let error): "the file is not valid JSON: \(error)"
    case .tooLarge(_, let bytes, let limit): "the file has \(bytes) bytes, but at most \(limit) are read as JSON"
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable(let error): error.remedy
    case .malformed, .tooLarge: "correct the file, or fetch it again"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .unreadable(let error): error.exitCode
    case .malformed, .tooLarge: .badInput
    }
  }
}
