import Diagnostics

/// A number of BLAS threads that is none: OpenBLAS would take all processors for every rank.
package struct BLASThreads: DiagnosedError, Equatable {
  package let text: String

  static let variable = "OPENBLAS_NUM_THREADS"

  static func check(_ environment: [String: String]) throws(BLASThreads) {
    guard let text = environment[variable] else { return }
    guard let count = Int(text), count > 0 else { throw BLASThreads(text: text) }
  }

  package var subject: String { "\(Self.variable)=\(text)" }
  package var problem: String { "this is no number of threads" }
  package var remedy: String { "give a number from 1, or unset it for one thread" }
  package var exitCode: FailureCode { .usage }
}
