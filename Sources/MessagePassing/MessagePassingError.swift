import CMPI
import Diagnostics

/// What goes wrong between ranks, or between the program and its launcher.
package enum MessagePassingError: DiagnosedError, Equatable {
  /// An MPI call returned something other than `MPI_SUCCESS`: its name, MPI's class of the error and MPI's own text.
  case callFailed(call: String, errorClass: Int32, text: String)
  /// The launcher says that there are `announced` ranks, and MPI says that there are `found`.
  case launcherDisagrees(variable: String, announced: Int, found: Int)
  /// The library allows no threads at all beside the one that calls MPI.
  case noThreads(library: String)
  /// A root, source or destination that is no rank of the communicator.
  case noSuchRank(call: String, rank: Int, size: Int)
  /// A message had another length than its receiver expects, both in elements.
  case lengthMismatch(call: String, expected: Int, received: Int)
  /// A receive that nothing can ever answer, in a world of one rank.
  case wouldWaitForever(call: String, tag: Int)
  /// The file system that holds the memory shared by a node's ranks has not the room of so many bytes, which is a
  /// little more than the memory itself.
  case noSharedMemory(bytes: Int, free: Int, directory: String)

  package var subject: String {
    switch self {
    case .callFailed(let call, _, _), .noSuchRank(let call, _, _), .lengthMismatch(let call, _, _),
      .wouldWaitForever(let call, _):
      call
    case .launcherDisagrees(let variable, let announced, _): "\(variable)=\(announced)"
    case .noThreads(let library): library
    case .noSharedMemory(_, _, let directory): directory
    }
  }

  package var problem: String {
    switch self {
    case .callFailed(_, let errorClass, let text): "MPI reports \"\(text)\" (error class \(errorClass))"
    case .launcherDisagrees(Launcher.slurmJobVariable, let announced, let found):
      "the Slurm job has \(announced) tasks, but this process was started without a launcher and MPI has \(found) rank(s)"
    case .launcherDisagrees(_, let announced, let found):
      "the launcher started \(announced) processes, but MPI has \(found) rank(s): each would do the whole work alone"
    case .noThreads: "the MPI library does not allow a process with more than one thread"
    case .noSuchRank(_, let rank, let size): "\(rank) is no rank of a communicator of size \(size)"
    case .lengthMismatch(_, let expected, let received):
      "a message of \(received) elements arrived where \(expected) were expected"
    case .wouldWaitForever(_, let tag): "no message with tag \(tag) was sent, and there is no other rank to send one"
    case .noSharedMemory(let bytes, let free, _):
      "the ranks of this host need \(Self.megabytes(bytes)) of shared memory there, and \(Self.megabytes(free)) are free"
    }
  }

  private static func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }

  package var remedy: String {
    switch self {
    case .callFailed:
      "if other ranks or hosts failed before, their message comes first; else check that all hosts reach each other"
    case .launcherDisagrees(Launcher.slurmJobVariable, _, _):
      "start it with `srun --mpi=pmix` or `mpirun`; for one process on purpose, with `mpirun -np 1`"
    case .launcherDisagrees(Launcher.slurmStepVariable, _, _):
      "start it with `srun --mpi=pmix` (and an Open MPI built with PMIx), or with `mpirun` inside the job"
    case .launcherDisagrees:
      "start it with the `mpirun` of the Open MPI that the program was built with (compare `mpirun --version`)"
    case .noThreads: "install an MPI library that provides MPI_THREAD_FUNNELED, such as Debian's libopenmpi3"
    case .noSuchRank, .lengthMismatch, .wouldWaitForever: "this is a defect of the program: please report it"
    case .noSharedMemory:
      "make it larger (`mount -o remount,size=…`; in a container `--shm-size`, or `--ipc=host`), name a larger local "
        + "directory with OMPI_MCA_osc_sm_backing_directory, or use one rank per host"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .callFailed, .launcherDisagrees, .noThreads, .noSharedMemory: .messagePassing
    case .noSuchRank, .lengthMismatch, .wouldWaitForever: .defect
    }
  }
}

/// Throws if `code`, which MPI's function `call` returned, is not `MPI_SUCCESS`. Every MPI call goes through here.
///
/// **Not collective.**
func check(_ code: Int32, _ call: StaticString) throws(MessagePassingError) {
  guard code != cmpi_success() else { return }
  var errorClass: Int32 = 0
  _ = cmpi_error_class(code, &errorClass)
  let text = cString(capacity: cmpi_error_string_capacity()) { cmpi_error_string(code, $0, $1) }
  throw .callFailed(call: "\(call)", errorClass: errorClass, text: text ?? "code \(code)")
}

/// The text that one of MPI's functions writes into a buffer of `capacity` characters; nil if it fails.
func cString(
  capacity: Int32, _ fill: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32
) -> String? {
  var length: Int32 = 0
  var succeeded = false
  let text = String(unsafeUninitializedCapacity: Int(capacity)) { bytes in
    bytes.withMemoryRebound(to: CChar.self) { succeeded = fill($0.baseAddress!, &length) == cmpi_success() }
    return Int(length)
  }
  return succeeded ? text : nil
}
