import Diagnostics
import SystemPackage

/// Why an output cannot be written.
package enum OutputError: DiagnosedError, Equatable {
  /// The path does not end in a name: it is empty, the root, `.` or `..`.
  case noName(FilePath)
  case exists(FilePath)
  /// Writing it would destroy an input.
  case isInput(FilePath, input: FilePath)
  /// Two outputs would be one file.
  case sameOutput(FilePath)
  /// The directory that is to hold the output does not exist.
  case noParent(FilePath)
  case cannotCreate(FilePath, Errno)
  case cannotWrite(FilePath, Errno)
  case cannotRename(FilePath, to: FilePath, Errno)
  /// Something old, which was to make room.
  case cannotRemove(FilePath, Errno)
  case headerTooLong(FilePath, bytes: Int, limit: Int)
  /// A tensor came out of the declared order, twice, or with too many elements, or was never declared.
  case unexpectedTensor(FilePath, name: String, elements: Int, expected: String?, remaining: Int)
  case unwrittenTensors(FilePath, [String])
  /// A finite number is beyond the range of the type that it is to be stored in; `index` counts from 0 in every
  /// dimension.
  case overflow(FilePath, tensor: String, index: [Int], value: Double, type: TensorType)

  package var subject: String {
    switch self {
    case .noName(let path): "output \"\(path)\""
    case .exists(let path), .isInput(let path, _), .sameOutput(let path), .noParent(let path),
      .cannotCreate(let path, _), .cannotWrite(let path, _),
      .cannotRename(_, let path, _), .cannotRemove(let path, _), .headerTooLong(let path, _, _),
      .unwrittenTensors(let path, _):
      path.string
    case .unexpectedTensor(let path, let name, _, _, _), .overflow(let path, let name, _, _, _):
      "\(path), tensor \(name)"
    }
  }

  package var problem: String {
    switch self {
    case .noName: "the path does not end in a name that the output could have"
    case .exists: "the output exists already"
    case .isInput(_, let input): "this output is \(input), which the run reads: writing it would destroy that"
    case .sameOutput: "two outputs have this name"
    case .noParent: "the directory that is to hold the output does not exist"
    case .cannotCreate(_, let code): "the output cannot be created: \(code)"
    case .cannotWrite(_, let code): "writing failed: \(code)"
    case .cannotRename(let path, _, let code): "the complete output \(path) could not be renamed: \(code)"
    case .cannotRemove(_, let code): "this cannot be removed: \(code)"
    case .headerTooLong(_, let bytes, let limit): "the header would have \(bytes) bytes; the limit is \(limit)"
    case .unexpectedTensor(_, _, let elements, let expected, let remaining):
      "\(elements) elements were written where "
        + (expected.map { "\(remaining) of tensor \($0) were due" } ?? "no tensor was due")
    case .unwrittenTensors(_, let names): "declared tensors were not written: \(names.joined(separator: ", "))"
    case .overflow(_, _, let index, let value, let type):
      "the element at \(index) is \(value), which is beyond the range of \(type.rawValue)"
    }
  }

  package var remedy: String {
    switch self {
    case .noName: "name a file or directory that is to be made, such as merged"
    case .isInput, .sameOutput: "name another file for the output"
    case .exists: "choose another name, or move the old output away"
    case .noParent(let path): "create it first: mkdir -p \(path.removingLastComponent())"
    case .cannotCreate(_, let code), .cannotWrite(_, let code), .cannotRename(_, _, let code): Self.remedy(for: code)
    case .cannotRemove: "remove it by hand, or give this user the right to"
    case .headerTooLong: "write fewer tensors or less metadata"
    case .unexpectedTensor, .unwrittenTensors: "this is a defect of the program: please report it"
    case .overflow(_, _, _, _, .float16): "use out_dtype: bfloat16 or float32"
    case .overflow(_, _, _, _, .bfloat16): "use out_dtype: float32"
    case .overflow: "store the numbers as float64"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .noName, .isInput, .sameOutput: .usage
    case .exists, .noParent, .cannotCreate: .cannotCreate
    case .cannotWrite, .cannotRename, .cannotRemove: .inputOutput
    case .headerTooLong, .overflow: .badInput
    case .unexpectedTensor, .unwrittenTensors: .defect
    }
  }

  private static func remedy(for code: Errno) -> String {
    switch code {
    case .noSpace: "the disk is full: free space there or choose an output on another file system"
    case .diskQuotaExceeded: "the disk quota is used up: free space or choose an output on another file system"
    case .permissionDenied, .notPermitted: "choose a directory in which this user may write"
    case .readOnlyFileSystem: "the file system is mounted read-only: choose an output elsewhere"
    case .ioError: "the device reports a failure: see the system's log and choose an output elsewhere"
    case .fileTooLarge: "the file system or a limit (ulimit -f) forbids files of this size: use smaller shards"
    default: "check the path and the file system"
    }
  }
}
