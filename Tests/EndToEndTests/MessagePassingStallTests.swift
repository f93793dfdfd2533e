import Testing

/// Ranks that are late are named, and waited for.
@Suite("Stalls", .serialized)
struct MessagePassingStallTests {
  /// Runs `MessagePassingChecks watched`, in which the ranks in `stopping` stop, and lets these go on when rank 0 has
  /// said something that ends with `complaint` twice.
  private func stop(_ stopping: [Int], of ranks: Int, seconds: Int, until complaint: String) throws -> Outcome {
    let numbers = stopping.map(String.init).joined(separator: " ")
    return try Launching.run(
      [
        "bash", "-c",
        """
        directory=$(mktemp -d)
        trap 'rm -rf "$directory"' EXIT
        launch/local \(ranks) watched "$directory" \(seconds) \(numbers) 2>"$directory/log" &
        job=$!
        until [[ $(grep -cs '\(complaint)$' "$directory/log") -ge 2 ]] || ! kill -0 $job; do sleep 0.05; done
        for rank in \(numbers); do kill -CONT $(cat "$directory/rank.$rank"); done
        code=0; wait $job || code=$?
        cat "$directory/log" >&2
        exit $code
        """,
      ], environment: ["FISHERMERGE": Launching.product("MessagePassingChecks")], seconds: 120)
  }

  @Test("one rank that is late is named with its host and the phase, at doubled intervals")
  func one() throws {
    let outcome = try stop([1], of: 3, seconds: 1, until: "for rank 1 on [^ ]*")
    #expect(outcome.status == 0 && outcome.output == "the sum is 45\n", "\(outcome)")
    // A busy machine may hold other ranks up as well, elsewhere and for a while.
    let warnings = outcome.errors.split(separator: "\n").compactMap {
      $0.wholeMatch(of: #/[^ ]+: warning: rank 0 has waited (\d+) s in "round 3" for rank 1 on [^ ]+/#)
    }
    let times = warnings.compactMap { Int($0.output.1) }
    #expect(times.count >= 2 && zip(times, times.dropFirst()).allSatisfy { $1 >= 2 * $0 }, "\(outcome)")
  }

  @Test("of many late ranks a few are named")
  func many() throws {
    let outcome = try stop(Array(1...7), of: 8, seconds: 1, until: "rank 5 on [^ ]* and 2 more")
    #expect(outcome.status == 0 && outcome.output == "the sum is 45\n", "\(outcome)")
    #expect(outcome.errors.contains(#/"round 3" for rank 1 on [^ ]+, rank 2 on .*, rank 5 on [^ ]+ and 2 more\n/#))
  }

  @Test("a run without late ranks says nothing")
  func none() throws {
    let outcome = try stop([], of: 3, seconds: 100, until: "never")
    #expect(outcome.status == 0 && outcome.output == "the sum is 45\n", "\(outcome)")
    #expect(!outcome.errors.contains("warning"), "\(outcome)")
  }

  @Test(
    "the time that is too long reaches the ranks on all hosts",
    .enabled(if: Launching.clusterObstacle == nil, "\(Launching.clusterObstacle ?? "")"))
  func setting() throws {
    let launch = "\(Launching.repository.path)/launch/hosts $CLUSTER_HOSTFILE"
    let outcome = try Launching.cluster(
      hosts: 2, slots: 1, "MessagePassingChecks",
      "FISHERMERGE=printenv FISHERMERGE_STALL_SECONDS=7 \(launch) FISHERMERGE_STALL_SECONDS")
    #expect(outcome.status == 0 && outcome.output == "7\n7\n", "\(outcome)")
  }
}
