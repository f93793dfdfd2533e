import CMPI

/// A group of ranks that talk to each other, and only to each other.
///
/// Collective functions must be called by all its ranks in the same order with the same root, operation and number of
/// elements. Not `Sendable`: MPI was started with `MPI_THREAD_FUNNELED`, so all calls come from the main thread.
///
/// A communicator without an MPI handle is a world of one plain process: collectives leave their data as they are, and
/// a message to oneself goes through a ``Mailbox``.
package final class Communicator {
  /// This process's number in the group, from 0.
  package let rank: Int
  /// The number of ranks in the group.
  package let size: Int
  /// The rank that reports and writes where a single one has to.
  package static let root = 0
  package var isRoot: Bool { rank == Self.root }

  /// MPI's handle; nil in a plain process, and after ``free()``.
  private(set) var handle: MPI_Comm?
  let mailbox = Mailbox()
  /// Messages that were posted and have not gone yet.
  var posted: [any AnyPostedMessage] = []
  /// Says for whom the root waits too long; nil where nobody asked for it.
  var watch: StallWatch?

  /// A group of one, without MPI.
  init() {
    rank = 0
    size = 1
  }

  /// Takes over `handle` and makes its errors return codes instead of the end of the process.
  init(handle: MPI_Comm) throws(MessagePassingError) {
    try check(cmpi_return_errors(handle), "MPI_Comm_set_errhandler")
    var rank: Int32 = 0
    var size: Int32 = 0
    try check(cmpi_rank(handle, &rank), "MPI_Comm_rank")
    try check(cmpi_size(handle, &size), "MPI_Comm_size")
    self.rank = Int(rank)
    self.size = Int(size)
    self.handle = handle
  }

  /// Throws where `rank` is no rank of this group. **Not collective.**
  func validate(rank other: Int, _ call: StaticString) throws(MessagePassingError) {
    guard (0..<size).contains(other) else { throw .noSuchRank(call: "\(call)", rank: other, size: size) }
  }
}

extension Communicator {
  /// The same group under a new communicator, whose messages cannot be mistaken for those of this one. **Collective.**
  package func duplicate() throws(MessagePassingError) -> Communicator {
    guard let handle else { return Communicator() }
    try meet("MPI_Comm_dup")
    var new: MPI_Comm?
    try check(cmpi_duplicate(handle, &new), "MPI_Comm_dup")
    return try Communicator(handle: new!)
  }

  /// Divides the group: ranks that give the same `color` come together, ordered by `key`, then by their present rank.
  ///
  /// - Parameters:
  ///   - color: from 0 to 2³¹ − 1; nil for a rank that belongs to no new group and gets nil back.
  ///
  /// **Collective**, also for the ranks that give nil.
  package func split(color: Int?, key: Int = 0) throws(MessagePassingError) -> Communicator? {
    precondition(color.map { (0...Int(Int32.max)).contains($0) } ?? true, "a color is from 0 to 2³¹ − 1")
    guard let handle else { return color == nil ? nil : Communicator() }
    try meet("MPI_Comm_split")
    var new: MPI_Comm?
    try check(
      cmpi_split(handle, color.map { Int32($0) } ?? cmpi_undefined(), Int32(clamping: key), &new), "MPI_Comm_split")
    guard let new, cmpi_is_null(new) == 0 else { return nil }
    return try Communicator(handle: new)
  }

  /// Divides the group by host: the ranks that can share memory come together, in their present order. **Collective.**
  package func splitByNode() throws(MessagePassingError) -> Communicator {
    guard let handle else { return Communicator() }
    try meet("MPI_Comm_split_type")
    var new: MPI_Comm?
    try check(cmpi_split_by_node(handle, 0, &new), "MPI_Comm_split_type")
    return try Communicator(handle: new!)
  }

  /// Gives the communicator's resources back; it must not be used afterwards. Only for communicators that came from
  /// ``duplicate()`` or a split. Where it is not called, ``World/finalize()`` releases what is left. **Collective.**
  package func free() throws(MessagePassingError) {
    guard handle != nil else { return }
    try check(cmpi_free(&handle), "MPI_Comm_free")
    handle = nil
  }

  /// Returns when all ranks have come here. **Collective.**
  package func barrier() throws(MessagePassingError) {
    guard let handle else { return }
    try meet("MPI_Barrier")
    try check(cmpi_barrier(handle), "MPI_Barrier")
  }
}
