import Synchronization

/// Memory that the system does not give.
package struct OutOfMemory: DiagnosedError, Equatable {
  /// How much was asked for.
  package let bytes: Int
  /// What it was for, such as "the matrix products".
  package let purpose: String

  package init(bytes: Int, for purpose: String) { (self.bytes, self.purpose) = (bytes, purpose) }

  package var subject: String { "memory" }
  package var problem: String {
    "\(purpose) need\(purpose.hasSuffix("s") ? "" : "s") \((bytes + 999_999) / 1_000_000) MB, which the system does not give"
  }
  package var remedy: String {
    "use fewer ranks on this host or more hosts, or raise the limit (ulimit -v, the job's or the container's memory); "
      + "`fishermerge plan` says what a rank needs"
  }
  package var exitCode: FailureCode { .messagePassing }
}

// MARK: Where nothing can be thrown

extension OutOfMemory {
  private static let handler = Mutex<(@Sendable (OutOfMemory) -> Never)?>(nil)

  /// Says once for the process what ends it where memory is refused to code that cannot throw.
  package static func handle(by end: @escaping @Sendable (OutOfMemory) -> Never) { handler.withLock { $0 = end } }

  /// Ends the process with the message.
  package func end() -> Never {
    if let end = Self.handler.withLock({ $0 }) { end(self) }
    fatalError(description)
  }
}
