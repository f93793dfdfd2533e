import CMPI

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// All ranks of the job: what starts, ends and aborts message passing.
///
/// Started by a launcher, a process initialises MPI with `MPI_THREAD_FUNNELED`: only the main thread may call anything
/// of this module. Started as a plain program, it is a world of one rank that never touches MPI (see ``Launcher``) and
/// whose communicators give the same results.
package final class World {
  /// All ranks.
  package let communicator: Communicator
  /// This rank alone; what happens on it concerns no other.
  package let alone: Communicator
  /// The MPI library's name and version, or nil where MPI is not in use.
  package let library: String?
  private let usesMPI: Bool

  package var rank: Int { communicator.rank }
  package var size: Int { communicator.size }

  /// Joins the other ranks. Call it once, before anything else of this module.
  ///
  /// Throws if MPI cannot start, or if it finds fewer ranks than the launcher announced; then only the process whose
  /// ``Launcher/isFirst`` is true should print the error, as the processes cannot agree on who speaks.
  ///
  /// **Collective** over all processes of the job.
  package static func start(_ launcher: Launcher = .current) throws(MessagePassingError) -> World {
    guard launcher.hasProcessManager else {
      try launcher.verify(size: 1)
      return World(communicator: Communicator(), alone: Communicator(), library: nil)
    }
    var provided: Int32 = 0
    try check(cmpi_init_funneled(&provided), "MPI_Init_thread")
    let version = cString(capacity: cmpi_library_version_capacity(), cmpi_library_version)
    let library = version.map { String($0.prefix { $0 != "," && !$0.isNewline && $0 != "\0" }) } ?? "MPI"
    guard provided >= cmpi_thread_funneled() else { throw .noThreads(library: library) }
    let world = World(
      communicator: try Communicator(handle: cmpi_world()), alone: try Communicator(handle: cmpi_self()),
      library: library)
    try launcher.verify(size: world.size)
    return world
  }

  private init(communicator: Communicator, alone: Communicator, library: String?) {
    self.communicator = communicator
    self.alone = alone
    self.library = library
    usesMPI = library != nil
  }

  /// Leaves in good order; nothing of this module may be called afterwards. Only for success: a rank that failed must
  /// call ``abort(code:isReported:)``, because finalising waits for all ranks and the others may be waiting elsewhere.
  ///
  /// **Collective.**
  package func finalize() throws(MessagePassingError) {
    if usesMPI { try check(cmpi_finalize(), "MPI_Finalize") }
  }

  /// Ends every rank of the job; the launcher's exit code will be `code`. Prints nothing: the caller has said what
  /// failed, where and what to do.
  ///
  /// - Parameters:
  ///   - code: the exit code, from 1 to 255.
  ///   - isReported: whether this rank has printed the failure. False after one that another rank reports (see
  ///     ``AgreedFailure/isReporter``): then this rank waits to be ended, so that the message is not lost, and ends the
  ///     job itself if that does not happen within ten seconds.
  ///
  /// **Not collective.**
  package func abort(code: Int32, isReported: Bool = true) -> Never {
    fflush(nil)
    guard usesMPI else { exit(code) }
    // A launcher forwards output and the order to abort on different ways; a moment lets the message arrive first.
    usleep(isReported ? Self.graceForOutput : Self.graceForReporter)
    _ = cmpi_abort(code)
    _exit(code)
  }

  private static let graceForOutput: UInt32 = 200_000
  private static let graceForReporter: UInt32 = 10_000_000
}
