import CShared
import Diagnostics

extension World {
  /// Ends the job because of `error`: prints one message on the rank that has to, then aborts with the error's code.
  ///
  /// An ``AgreedFailure`` is printed by the rank that it names, which is the one that failed first in order of ranks.
  /// Any other error is this rank's own, and the message says which rank and host that is.
  ///
  /// - Parameters:
  ///   - print: writes the text to standard error and wherever else messages go. Called at most once.
  ///
  /// **Not collective**: the ranks that have not failed are ended too.
  package func fail(_ error: any Error, print: (String) -> Void) -> Never {
    if let agreed = error as? AgreedFailure {
      if agreed.isReporter { print(agreed.description) }
      abort(code: agreed.exitCode.rawValue, isReported: agreed.isReporter)
    }
    let place = size > 1 ? "rank \(rank) on \(Place.hostName): " : ""
    let reported = diagnosis(of: error)
    print(place + reported.description)
    abort(code: reported.exitCode.rawValue)
  }

  /// From now on a crash of this process (a trap, a fault, memory of a file that is gone) says which rank it was and
  /// what may help, before the system ends the process. Call it once. **Not collective.**
  package func reportCrashes() { cshared_report_crashes("rank \(rank) on \(Place.hostName)") }
}
