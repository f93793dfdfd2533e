import Testing

/// Memory that ranks share, where there is too little of it. The rest is in the checks of MessagePassingChecks.
@Suite("Shared memory", .serialized)
struct MessagePassingMemoryTests {
  /// Runs `MessagePassingChecks window MEGABYTES` where `directory` is a file system of 64 MB.
  private func run(megabytes: Int, ranks: Int, in directory: String) throws -> Outcome {
    try Launching.run(
      [
        "unshare", "--mount", "bash", "-c",
        "mkdir -p \(directory) && mount -t tmpfs -o size=64m none \(directory) && launch/local \(ranks) window \(megabytes)",
      ],
      environment: [
        "FISHERMERGE": Launching.product("MessagePassingChecks"), "OMPI_MCA_osc_sm_backing_directory": directory,
      ])
  }

  @Test(
    "a window that does not fit is an error of all ranks, said once, before it is used",
    .enabled(if: mountObstacle == nil, "\(mountObstacle ?? "")"), arguments: ["/dev/shm", "/tmp/fishermerge-window"])
  func tooLarge(directory: String) throws {
    let outcome = try run(megabytes: 64, ranks: 3, in: directory)
    #expect(outcome.status == 71, "\(outcome)")
    #expect(outcome.errorCount(of: "MessagePassingChecks: ") == 1, "\(outcome)")
    #expect(
      outcome.errors.contains(": \(directory): the ranks of this host need 72 MB of shared memory there, and 6"),
      "\(outcome)")
    #expect(outcome.errors.contains("hint: make it larger ("), "\(outcome)")
  }

  @Test(
    "a window that fits is none, nor is private memory",
    .enabled(if: mountObstacle == nil, "\(mountObstacle ?? "")"))
  func fits() throws {
    #expect(try run(megabytes: 40, ranks: 3, in: "/dev/shm").status == 0)
    #expect(try run(megabytes: 64, ranks: 1, in: "/dev/shm").status == 0)
  }
}

/// Why no small file system can be mounted here; nil where it can.
private let mountObstacle: String? = {
  let outcome = try? Launching.run(["unshare", "--mount", "bash", "-c", "mount -t tmpfs -o size=4k none /mnt"])
  return outcome?.status == 0 ? nil : "mounting a small file system needs root"
}()
