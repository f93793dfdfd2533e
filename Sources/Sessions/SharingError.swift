import Diagnostics
import SystemPackage

/// Why ranks cannot work on the same thing.
package enum SharingError: DiagnosedError, Equatable {
  /// The files that this rank sees are not those that the root planned with.
  case differentFiles(FilePath, host: String)
  case differentPlan(host: String)

  package var subject: String {
    switch self {
    case .differentFiles(let path, _): path.string
    case .differentPlan: "plan"
    }
  }

  package var problem: String {
    switch self {
    case .differentFiles(_, let host): "the files on \(host) are not those that the root sees"
    case .differentPlan(let host): "\(host) did not get the plan that the root made"
    }
  }

  package var remedy: String {
    switch self {
    case .differentFiles: "put models and data where all hosts see the same files, under the same path"
    case .differentPlan: "run the same build of fishermerge on every host"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .differentFiles: .badInput
    case .differentPlan: .messagePassing
    }
  }
}
