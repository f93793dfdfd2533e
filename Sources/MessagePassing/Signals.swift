import CShared

/// What a user or a batch system tells a running job by signals.
///
/// The handlers only count, so a signal interrupts nothing; the program looks at the counts where it can stop. Each
/// rank counts for itself, and mpirun forwards SIGUSR1 and SIGUSR2 to all of them, so that they see a signal at
/// slightly different times: what to do about it has to be agreed on.
package enum Signals {
  /// From now on SIGUSR1, SIGUSR2, SIGTERM, SIGINT and SIGHUP are counted instead of ending the process; the first two
  /// are from the start of the process. A second SIGINT ends it. SIGINT and SIGHUP stay ignored where they are, and
  /// SIGPIPE is: the write fails instead. **Not collective.**
  package static func install() { _ = cshared_install_signals() }

  /// From now on SIGTERM, SIGINT and SIGHUP end the process again: where nobody looks at the counts, a user could not end it
  /// otherwise. **Not collective.**
  package static func endOnTermination() { cshared_end_on_termination() }

  /// Whether the handlers in place are the ones that ``install()`` installed. **Not collective.**
  package static var areInstalled: Bool { cshared_signals_are_ours() }

  /// How often a checkpoint was asked for: SIGUSR1. **Not collective.**
  package static var checkpointRequests: Int { Int(cshared_checkpoint_requests()) }

  /// How often a checkpoint and the end of the run were asked for: SIGUSR2, SIGTERM, SIGINT and SIGHUP. **Not collective.**
  package static var stopRequests: Int { Int(cshared_stop_requests()) }

  /// The last signal that asked for the end; nil where none did. **Not collective.**
  package static var lastStop: Int32? {
    let signal = cshared_last_stop()
    return signal == 0 ? nil : signal
  }

  /// Has this process killed when the process that started it ends: mpirun, its daemon on another host, or srun's.
  ///
  /// Only where there is a launcher: a plain process may well outlive the shell that started it. Only on Linux.
  /// **Not collective.**
  package static func endWithParent(_ launcher: Launcher = .current) {
    if launcher.hasProcessManager { cshared_end_with_parent() }
  }
}
