import Testing

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

  @Test("a link that is cut ends the job instead of leaving it waiting")
  func cutLink() throws {
    let outcome = try Launching.cluster(
      hosts: 3, slots: 1, program,
      """
      log=$(mktemp)
      trap 'rm -f "$log"' EXIT
      \(launch) wait 2>"$log" &
      until grep -q waiting "$log" || ! kill -0 $!; do sleep 0.1; done
      ip -n $CLUSTER-2 link set eth0 down
      wait $! || code=$?
      cat "$log" >&2
      exit ${code:-0}
      """, seconds: 50)
    // `wait` goes on for a minute: an end before that, without being killed, comes from the keepalive settings.
    #expect(outcome.status != 0 && outcome.status != 137 && outcome.status != 124, "\(outcome)")
    #expect(outcome.errors.contains("waiting"), "\(outcome)")
  }
}
