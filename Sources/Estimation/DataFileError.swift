import Diagnostics

/// An error that knows only the row, with the name of its data file.
package struct DataFileError: DiagnosedError, Equatable {
  private let file: String
  private let error: EstimationError

  package init(_ error: EstimationError, in file: String) {
    self.error = error
    self.file = file
  }

  package var subject: String { "\(file), \(error.subject)" }
  package var problem: String { error.problem }
  package var remedy: String { error.remedy }
  package var exitCode: FailureCode { error.exitCode }
}
