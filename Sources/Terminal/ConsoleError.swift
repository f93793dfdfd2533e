import Diagnostics

/// Why something could not be said.
package enum ConsoleError: DiagnosedError, Equatable {
  case logFile(String)
  case standardOutput

  package var subject: String {
    switch self {
    case .logFile(let path): path
    case .standardOutput: "standard output"
    }
  }

  package var problem: String {
    switch self {
    case .logFile: "the log file cannot be written"
    case .standardOutput: "the results could not be printed"
    }
  }

  package var remedy: String {
    switch self {
    case .logFile: "check that its directory exists and can be written"
    case .standardOutput: "check that the disk behind it is not full; output files are complete"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .logFile: .cannotCreate
    case .standardOutput: .inputOutput
    }
  }
}
