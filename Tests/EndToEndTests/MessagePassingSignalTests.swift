import Testing

/// Signals to a launcher and the end of one, with `mpirun` itself.
@Suite("Signals", .serialized)
struct MessagePassingSignalTests {
  let program = "MessagePassingChecks"

  /// Bash that starts `$start MODE DIRECTORY …` in the background and waits until all ranks listen; then `$job` is
  /// mpirun, `rank N` prints the process's number of a rank, and `alive` the ranks that are still there.
  static func listening(_ mode: String, tenths: Int, ranks: Int = 3) -> String {
    """
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    $start \(mode) "$directory" \(tenths) 2>"$directory/log" &
    job=$!
    until grep -qs listening "$directory/log" || ! kill -0 $job; do sleep 0.05; done
    rank() { head -n 1 "$directory/rank.$1"; }
    alive() {
      for number in $(seq 0 \(ranks - 1)); do
        # A process that nobody has asked after yet is dead as well.
        if grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$(rank $number)/status"; then echo $number; fi
      done
    }
    said() { # COUNT TEXT: waits until so many ranks have said something
      until [[ $(grep -lsx "$2" "$directory"/rank.* | wc -l) -eq $1 ]]; do sleep 0.05; done
    }

    """
  }

  private func local(_ script: String, seconds: Int = 60) throws -> Outcome {
    try Launching.run(
      ["bash", "-c", "start='launch/local 3'\n\(script)"], environment: ["FISHERMERGE": Launching.product(program)],
      seconds: seconds)
  }

  @Test("SIGUSR1 and SIGUSR2 to mpirun reach every rank, and end none")
  func requests() throws {
    let outcome = try local(
      Self.listening("listen", tenths: 1) + """
        kill -USR1 $job; said 3 'checkpoint 1'
        kill -USR1 $job; said 3 'checkpoint 2'
        kill -USR2 $job; said 3 'stop 12'
        wait $job || exit
        said 3 end
        """)
    #expect(outcome.status == 0, "\(outcome)")
  }

  @Test("SIGTERM to one rank is a request to stop")
  func termination() throws {
    let outcome = try local(
      Self.listening("listen", tenths: 1) + """
        for number in 0 1 2; do kill -TERM $(rank $number); done
        said 3 'stop 15'
        wait $job || exit
        said 3 end
        """)
    #expect(outcome.status == 0, "\(outcome)")
  }

  @Test("SIGTERM to mpirun reaches every rank before it ends them")
  func termForAll() throws {
    let outcome = try local(
      Self.listening("listen", tenths: 600) + """
        kill -TERM $job
        code=0; wait $job || code=$?
        said 3 'stop 15'
        until [[ -z $(alive) ]]; do sleep 0.05; done
        exit $code
        """)
    #expect(outcome.status == 1, "\(outcome)")
  }

  // Stopped ranks cannot notice by themselves that the launcher is gone: only the kernel can end them.
  @Test("ranks end with their launcher", .enabled(if: isLinux, "the kernel ends orphans on Linux only"))
  func launcherKilled() throws {
    let outcome = try local(
      Self.listening("listen", tenths: 0) + """
        for number in 0 1 2; do kill -STOP $(rank $number); done
        kill -KILL $job
        until [[ -z $(alive) ]]; do sleep 0.05; done
        echo none
        """)
    #expect(outcome.output.contains("none"), "\(outcome)")
  }

  @Test(
    "ranks on other hosts end with mpirun, with their own daemon, and with each other",
    .enabled(if: Launching.clusterObstacle == nil, "\(Launching.clusterObstacle ?? "")"),
    arguments: [
      "kill -KILL $job",
      "for pid in $(ip netns pids $CLUSTER-2); do grep -q orted /proc/$pid/comm && kill -KILL $pid; done",
      "kill -KILL $(rank 1)",
    ])
  func cluster(breakage: String) throws {
    let outcome = try Launching.cluster(
      hosts: 3, slots: 1, program,
      "start='\(Launching.repository.path)/launch/hosts '$CLUSTER_HOSTFILE\n"
        + Self.listening("listen", tenths: 600) + """
          \(breakage)
          until [[ -z $(alive) ]]; do sleep 0.05; done
          code=0; wait $job || code=$?
          echo none
          exit $code
          """, seconds: 60)
    #expect(outcome.output.contains("none"), "\(outcome)")
    #expect([137, 205].contains(outcome.status), "\(outcome)")
  }

  @Test(
    "a rank that crashes says which one it is and what may help",
    arguments: [("trap", 132, "SIGILL"), ("fault", 139, "SIGSEGV"), ("abort", 134, "SIGABRT")])
  func crashes(way: String, status: Int32, signal: String) throws {
    let outcome = try Launching.local(
      ranks: 3, program, ["break-down", way], environment: ["SWIFT_BACKTRACE": "enable=no"])
    #expect(outcome.status == status, "\(outcome)")
    #expect(outcome.errorCount(of: "error: ") == 1 + (way == "trap" ? 1 : 0), "\(outcome)")
    #expect(outcome.errors.contains(#/(^|\n)error: rank 2 on [^:\n]+: .*\(SIG[A-Z]+\)\n  hint: /#), "\(outcome)")
    #expect(outcome.errors.contains("(\(signal))"), "\(outcome)")
  }

  @Test("a rank that leaves in the middle, or is killed, ends the job", arguments: [("exit", 3), ("kill", 137)])
  func leaves(way: String, status: Int32) throws {
    let outcome = try Launching.local(ranks: 3, program, ["break-down", way])
    #expect(outcome.status == status, "\(outcome)")
  }
}

private let isLinux: Bool = {
  #if os(Linux)
    true
  #else
    false
  #endif
}()
