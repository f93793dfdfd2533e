import Diagnostics
import LinearAlgebra
import MessagePassing
import SystemPackage

/// Why a result would not have the bits that another run, or the same without an interruption, gives.
package enum UnlikeProcessors: DiagnosedError, Equatable {
  /// Ranks that round differently: which, and how each group computes.
  case ranks([String])
  /// A file that another kind of processor computed.
  case file(FilePath, there: String, here: String)

  package var subject: String {
    switch self {
    case .ranks: "processors"
    case .file(let path, _, _): path.string
    }
  }

  package var problem: String {
    switch self {
    case .ranks(let groups): "the ranks round differently: " + groups.joined(separator: "; ")
    case .file(_, let there, let here): "it was computed with \(there), and here is \(here), which rounds differently"
    }
  }

  package var remedy: String {
    switch self {
    case .ranks:
      "use hosts of one kind, or give all ranks the same OPENBLAS_CORETYPE and OPENBLAS_NUM_THREADS; with "
        + "--allow-unlike-processors the last bits depend on which rank does what"
    case .file:
      "go on where it was computed, delete it, or add --allow-unlike-processors, which changes the last bits"
    }
  }

  package var exitCode: FailureCode { .badInput }
}

extension Session {
  /// Refuses ranks that round differently, unless that was allowed.
  ///
  /// - Returns: how they compute, each way once, in the order of ranks.
  ///
  /// **Collective.**
  static func processors(
    of communicator: Communicator, _ places: [Place], allowsUnlike: Bool
  ) throws -> [String] {
    let identities = try communicator.allGather(Processor.identity)
    var ranks: [String: [Int]] = [:]
    var order: [String] = []
    for (rank, identity) in identities.enumerated() {
      if ranks[identity] == nil { order.append(identity) }
      ranks[identity, default: []].append(rank)
    }
    try communicator.agreeOnRoot(in: "comparing the processors", namesRank: false) {
      guard order.count == 1 || allowsUnlike else {
        throw UnlikeProcessors.ranks(
          order.map { "\($0) on \(Place.names(of: ranks[$0] ?? [], hosts: places.map(\.host)))" })
      }
    }
    return order
  }

  /// Refuses to go on from a file that was computed otherwise, unless that was allowed; then it is said.
  /// **Not collective.**
  package func allowUnlike(_ path: FilePath, computedOn there: String) throws(UnlikeProcessors) {
    guard allowsUnlikeProcessors else { throw .file(path, there: there, here: processors) }
    console.warn("\(path) was computed with \(there), and here is \(processors): last bits differ")
  }
}
