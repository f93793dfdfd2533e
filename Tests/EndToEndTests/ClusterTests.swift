import Parameters
import Testing

extension ProgramTests {
  /// Runs `launch/hosts` over three hosts that are network namespaces of this machine.
  @Suite(
    "Several hosts", .serialized,
    .enabled(if: Launching.clusterObstacle == nil, "\(Launching.clusterObstacle ?? "")"))
  struct ClusterTests {
    let program = "MessagePassingChecks"
    let launch = "\(Launching.repository.path)/launch/hosts $CLUSTER_HOSTFILE"

    @Test("three hosts with two slots each get two ranks each, in order")
    func placement() throws {
      let outcome = try Launching.cluster(hosts: 3, slots: 2, program, "\(launch) where; echo \"on $CLUSTER_HOSTS\"")
      let lines = outcome.output.split(separator: "\n")
      let hosts = lines.last?.split(separator: " ").dropFirst() ?? []
      try #require(outcome.status == 0 && lines.count == 7 && hosts.count == 3, "\(outcome)")
      for (rank, line) in lines.dropLast().enumerated() {
        #expect(line.hasPrefix("rank \(rank) of 6 on \(hosts[1 + rank / 2]), \(rank % 2) of 2 there"), "\(outcome)")
      }
    }

    @Test("the collectives give the right values between hosts")
    func checks() throws {
      let outcome = try Launching.cluster(hosts: 3, slots: 2, program, "\(launch) all")
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.output.contains("checks on 6 rank(s) with Open MPI"), "\(outcome)")
    }

    @Test("settings reach the ranks on all hosts")
    func settings() throws {
      let outcome = try Launching.cluster(
        hosts: 3, slots: 1, program, "FISHERMERGE=printenv OPENBLAS_NUM_THREADS=3 \(launch) OPENBLAS_NUM_THREADS")
      #expect(outcome.status == 0 && outcome.output == "3\n3\n3\n", "\(outcome)")
    }

    @Test("a rank that fails on another host ends the job with its message and its code")
    func failure() throws {
      let outcome = try Launching.cluster(hosts: 3, slots: 1, program, "\(launch) fail-in-the-middle")
      #expect(outcome.status == 65, "\(outcome)")
      #expect(outcome.errorCount(of: "MessagePassingChecks: ") == 1, "\(outcome)")
      #expect(outcome.errors.contains(#/MessagePassingChecks: rank 2 on fmc[0-9]+-3:/#), "\(outcome)")
    }

    @Test("a merge on three hosts gives the bits of a single process", arguments: ["mask_fisher", "fisher"])
    func merge(method: String) throws {
      let program = try Program()
      try program.recipe(method)
      try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], in: "plain")
      try program.scratch.write("cluster/here", "")
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        "cd \(program.path("cluster")) && \(launch) merge ../recipe.yaml --output merged")
      try #require(outcome.status == 0, "\(outcome)")
      #expect(outcome.errors.contains("6 ranks on 3 hosts"), "\(outcome)")
      let alone = try program.scratch.files(below: "plain/merged")
      let spread = try program.scratch.files(below: "cluster/merged")
      #expect(spread.keys.sorted() == alone.keys.sorted())
      for (file, bytes) in alone where !["manifest.json", "report.html"].contains(file) {
        #expect(spread[file] == bytes, "\(file)")
      }
      let hosts = try program.json("cluster/merged/manifest.json")["hosts"]?.members
      #expect(hosts?.map(\.value.integer) == [2, 2, 2])
    }

    @Test("whatever goes away, the job ends by itself and leaves nothing running", arguments: Accident.all)
    func accident(_ accident: Accident) throws {
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, program,
        """
        log=$(mktemp)
        trap 'rm -f "$log"' EXIT
        \(launch) wait 2>"$log" &
        job=$!
        until grep -q waiting "$log" || ! kill -0 $job; do sleep 0.1; done
        \(accident.command)
        code=0
        wait $job || code=$?
        \(Launching.clusterScript) idle $CLUSTER 20 || echo "not idle"
        cat "$log" >&2
        exit $code
        """, seconds: 120)
      // `wait` ends well after a minute: with the code of the loss it is no end of its own.
      #expect(accident.statuses.contains(outcome.status), "\(outcome)")
      #expect(outcome.output.isEmpty && outcome.errors.contains("waiting"), "\(outcome)")
    }

    @Test(
      "slow links that lose packets change no bit",
      .enabled(if: Launching.delayObstacle == nil, "\(Launching.delayObstacle ?? "")"))
    func slowLinks() throws {
      let program = try Program(examples: 40)
      try program.recipe("fisher")
      try program.succeed(["merge", "../recipe.yaml", "--output", "merged"], in: "plain")
      try program.scratch.write("cluster/here", "")
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        for number in 1 2 3; do \(Launching.clusterScript) link $CLUSTER $number delay 2ms loss 1%; done
        cd \(program.path("cluster")) && \(launch) merge ../recipe.yaml --output merged
        """)
      try #require(outcome.status == 0, "\(outcome)")
      let alone = try program.scratch.files(below: "plain/merged")
      let spread = try program.scratch.files(below: "cluster/merged")
      for (file, bytes) in alone where !["manifest.json", "report.html"].contains(file) {
        #expect(spread[file] == bytes, "\(file)")
      }
    }

    @Test("a disk that is full ends the job of all hosts with one message, and nothing is left on it")
    func diskFull() throws {
      let program = try Program(examples: 20)
      try program.recipe("linear")
      let outcome = try Launching.cluster(
        hosts: 3, slots: 2, "fishermerge",
        """
        \(launch) merge \(program.path("recipe.yaml")) --output $CLUSTER_DISK/merged
        code=$?
        ls -A $CLUSTER_DISK
        exit $code
        """, environment: ["CLUSTER_DISK_SIZE": "100k"])
      #expect(outcome.status == 74 && outcome.messages == 1 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.message.contains(": writing failed: No space left on device (rank 0 on fmc"), "\(outcome)")
    }
  }
}

/// What can happen to a job on several hosts, and the code that `launch/hosts` leaves with then.
struct Accident: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// A command line on the first host that lets it happen.
  let command: String
  /// The launcher's code. Where a network goes away, now and then a rank notices before mpirun does.
  let statuses: Set<Int32>

  static let all = [
    Accident("kill -9 of a rank", "kill $CLUSTER 2 MessagePassingChecks 1", status: 137),
    Accident("kill -9 of a host's daemon", "kill $CLUSTER 2 orted", status: 205),
    Accident("a host without power", "crash $CLUSTER 3", status: 205, 1),
    Accident("a link that is cut", "link $CLUSTER 2 down", status: 205, 1),
    Accident("kill -9 of mpirun", "kill $CLUSTER 1 orterun", status: 137),
  ]

  /// - Parameter command: a command of Tests/Cluster/cluster.
  init(_ description: String, _ command: String, status: Int32...) {
    testDescription = description
    self.command = "\(Launching.clusterScript) \(command)"
    statuses = Set(status)
  }
}
