import Diagnostics

/// A failure that all ranks of a communicator know of: each of them throws the same text.
///
/// The rank named here reports it; see ``World/fail(_:print:)``.
package struct AgreedFailure: DiagnosedError, Equatable {
  /// The lowest of the ranks that failed, in the communicator that agreed.
  package let rank: Int
  /// Whether that rank is this one.
  package let isReporter: Bool
  /// The host of that rank.
  package let host: String
  /// How many ranks failed.
  package let failures: Int
  /// Whether the message says which rank it was: not where that would tell the user nothing.
  package let namesRank: Bool
  package let subject: String
  package let problem: String
  package let remedy: String
  package let exitCode: FailureCode

  package var description: String {
    guard namesRank else { return "\(subject): \(problem)\n  hint: \(remedy)" }
    let others = failures == 1 ? "" : ", and \(failures - 1) other rank(s)"
    return "\(legible(subject)): \(legible(problem)) (rank \(rank) on \(host)\(others))\n  hint: \(legible(remedy))"
  }
}

extension Communicator {
  /// Ends a phase that could fail on some ranks and not on others: every rank learns whether all succeeded.
  ///
  /// A rank that simply threw would leave the others waiting for it in their next collective.
  ///
  /// - Parameters:
  ///   - phase: its name, for whoever waits here too long; see ``meet(_:)``.
  ///   - namesRank: whether the message says which rank failed.
  ///   - outcome: what this rank's part of the phase came to.
  ///
  /// Returns this rank's value if all ranks succeeded. If any failed, all ranks throw one ``AgreedFailure`` with the
  /// message of the lowest that did. In a group of one its own error is thrown as it is.
  ///
  /// **Collective**, above all for the ranks that failed.
  @discardableResult
  package func agree<Value>(
    in phase: String = Communicator.unnamedPhase, namesRank: Bool = true, _ outcome: Result<Value, any Error>
  ) throws -> Value {
    guard size > 1 else { return try outcome.get() }
    try meet(phase)
    var failure: (any Error)?
    if case .failure(let error) = outcome { failure = error }
    return try afterMeeting {
      let lowest = Int(try allReduce(Int64(failure == nil ? size : rank), .minimum))
      guard lowest < size else { return try outcome.get() }
      let failures = Int(try allReduce(Int64(failure == nil ? 0 : 1)))
      let report = try broadcast(rank == lowest ? failure.map(Self.encode) ?? [] : [], root: lowest)
      throw decode(report, rank: lowest, failures: failures, namesRank: namesRank)
    }
  }

  /// Runs `body`, which must contain no collective call, and agrees on its outcome. **Collective.**
  @discardableResult
  package func agree<Value>(
    in phase: String = Communicator.unnamedPhase, _ body: () throws -> Value
  ) throws -> Value {
    try agree(in: phase, Result { try body() })
  }

  /// Runs `body` on the root alone, and agrees on its outcome: for what one rank checks or writes for all.
  /// The value is nil on the other ranks.
  ///
  /// - Parameter namesRank: whether the message says that it was the root; not for what the user got wrong, wherever
  ///   that is found.
  ///
  /// **Collective.**
  @discardableResult
  package func agreeOnRoot<Value>(
    in phase: String = Communicator.unnamedPhase, namesRank: Bool = true, _ body: () throws -> Value
  ) throws -> Value? {
    try agree(in: phase, namesRank: namesRank, Result { try isRoot ? body() : nil })
  }

  /// The same with what the root alone has: nil elsewhere, and never there.
  ///
  /// **Collective.**
  @discardableResult
  package func agreeOnRoot<Root, Value>(
    _ root: Root?, in phase: String = Communicator.unnamedPhase, namesRank: Bool = true,
    _ body: (Root) throws -> Value
  ) throws -> Value? {
    try agreeOnRoot(in: phase, namesRank: namesRank) {
      guard let root else { preconditionFailure("the root has what it works on") }
      return try body(root)
    }
  }

  /// An error as fields that end with a zero byte: exit code, host, subject, problem, remedy.
  private static func encode(_ error: any Error) -> [UInt8] {
    let error = diagnosis(of: error)
    let fields = ["\(error.exitCode.rawValue)", Place.hostName, error.subject, error.problem, error.remedy]
    return fields.flatMap { $0.utf8.filter { $0 != 0 } + [0] }
  }

  private func decode(_ report: [UInt8], rank lowest: Int, failures: Int, namesRank: Bool) -> AgreedFailure {
    let fields = report.split(separator: 0, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    func field(_ index: Int) -> String { index < fields.count ? fields[index] : "" }
    return AgreedFailure(
      rank: lowest, isReporter: lowest == rank, host: field(1), failures: failures, namesRank: namesRank,
      subject: field(2), problem: field(3), remedy: field(4),
      exitCode: Int32(field(0)).flatMap(FailureCode.init) ?? .defect)
  }
}
