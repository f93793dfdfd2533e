/// An error that nobody foresaw, as one that can be reported: a defect of this program.
package struct UnexpectedError: DiagnosedError {
  package let subject = "unexpected error"
  /// The error as the library that threw it describes it.
  package let problem: String
  package let remedy = "this is a defect of the program: please report it"
  package let exitCode = FailureCode.defect

  init(_ error: any Error) { problem = "\(error)" }
}

/// The message and the exit code for `error`, whoever threw it. Every end of the program that reports an error uses
/// this, so that one error has the same text and code everywhere.
package func diagnosis(of error: any Error) -> any DiagnosedError {
  error as? any DiagnosedError ?? UnexpectedError(error)
}
