#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the environment says about how this process was started.
///
/// Two questions are answered here. *Is there a process manager to ask?* Without one the process is alone, and MPI is
/// not initialised at all: Open MPI would start a daemon (`orted`, which may not be installed) and take half a second
/// for nothing. *How many ranks does the launcher promise?* If that is more than MPI finds, the launcher and the
/// library do not understand each other, and every process would do the whole work and write the same output.
///
/// The first of these variables that is set decides, because each is set closer to the process than the next:
/// `OMPI_COMM_WORLD_SIZE` by Open MPI's mpirun, `PMI_SIZE` by other launchers (MPICH, Slurm's pmi2),
/// `SLURM_STEP_NUM_TASKS` by srun for its step, `SLURM_NTASKS` by Slurm for the whole job. The last one is also there
/// in a batch script that starts the program without `srun` or `mpirun`: a job of four tasks that runs one process was
/// nearly always meant otherwise, so that is an error too, and `mpirun -np 1` says that one is meant.
package struct Launcher: Equatable, Sendable {
  static let slurmStepVariable = "SLURM_STEP_NUM_TASKS"
  static let slurmJobVariable = "SLURM_NTASKS"
  private static let sizeVariables = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", slurmStepVariable, slurmJobVariable]
  private static let rankVariables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"]

  /// Whether a process manager (PMIx, or PMI as older launchers speak it) can tell MPI about the other ranks.
  package let hasProcessManager: Bool
  /// The variable that gives the number of ranks, and its value; nil where nothing does.
  package let announcement: Announcement?
  /// Whether this process is the one that should speak if the ranks cannot find each other.
  package let isFirst: Bool

  package struct Announcement: Equatable, Sendable {
    package let variable: String
    package let count: Int
  }

  /// Reads the variables through `value`, so that a test can hand in any environment. **Not collective.**
  package init(_ value: (String) -> String?) {
    hasProcessManager = (value("PMIX_RANK") != nil && value("PMIX_NAMESPACE") != nil) || value("PMI_RANK") != nil
    announcement =
      Self.sizeVariables.compactMap { name in
        value(name).flatMap(Int.init).map { Announcement(variable: name, count: $0) }
      }.first
    isFirst = Self.rankVariables.compactMap(value).first.map { $0 == "0" } ?? true
  }

  /// How this process was started.
  package static var current: Launcher { Launcher { name in getenv(name).map { String(cString: $0) } } }

  /// Throws ``MessagePassingError/launcherDisagrees(variable:announced:found:)`` if MPI found fewer ranks than were
  /// announced. **Not collective.**
  package func verify(size: Int) throws(MessagePassingError) {
    guard let announcement, announcement.count > size else { return }
    throw .launcherDisagrees(variable: announcement.variable, announced: announcement.count, found: size)
  }
}
