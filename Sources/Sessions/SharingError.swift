import Diagnostics
import SystemPackage

/// Why ranks cannot work on the same thing.
package enum SharingError: DiagnosedError, Equatable {
  /// The files that this rank sees are not those that the root planned with.
  case differentFiles(FilePath, host: String)
  case differentPlan(host: String)
  /// Each of these files is seen by some host, and all of them by none.
  case scatteredFiles([FilePath])
  /// Two hosts that do not share a file have one each under the same path.
  case differentData(FilePath, hosts: [String])
  /// What the first rank of a site could not read, in its words.
  case atSite(host: String, subject: String, problem: String, remedy: String, exitCode: FailureCode)

  package var subject: String {
    switch self {
    case .differentFiles(let path, _): path.string
    case .differentPlan: "plan"
    case .scatteredFiles(let files): files.map(\.string).joined(separator: ", ")
    case .differentData(let path, _): path.string
    case .atSite(_, let subject, _, _, _): subject
    }
  }

  package var problem: String {
    switch self {
    case .differentFiles(_, let host): "the files on \(host) are not those that the root sees"
    case .scatteredFiles: "no host sees all of these files of one model"
    case .differentData(_, let hosts): "\(hosts.joined(separator: " and ")) have different files under this path"
    case .atSite(let host, _, let problem, _, _): "\(problem) (on \(host))"
    case .differentPlan(let host): "\(host) did not get the plan that the root made"
    }
  }

  package var remedy: String {
    switch self {
    case .differentFiles: "put models and data where all hosts see the same files, under the same path"
    case .scatteredFiles: "put a model's data, validation and test files on one host, or where rank 0 sees them"
    case .differentData: "give each site's files a path of their own, and let other hosts not have it"
    case .atSite(_, _, _, let remedy, _): remedy
    case .differentPlan: "run the same build of fishermerge on every host"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .differentFiles, .scatteredFiles, .differentData: .badInput
    case .atSite(_, _, _, _, let exitCode): exitCode
    case .differentPlan: .messagePassing
    }
  }
}
