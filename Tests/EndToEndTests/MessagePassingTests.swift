import Testing

/// Runs the named checks of MessagePassingChecks, one process per rank.
@Suite("Message passing", .serialized)
struct MessagePassingTests {
  let program = "MessagePassingChecks"

  @Test("every collective gives the right values", arguments: [1, 2, 3, 5])
  func checks(ranks: Int) throws {
    let outcome = try Launching.local(ranks: ranks, program, ["all"])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.output.contains("checks on \(ranks) rank(s) with Open MPI"), "\(outcome)")
  }

  @Test("a plain process behaves like a world of one rank, without MPI")
  func plainProcess() throws {
    let outcome = try Launching.plain(program, ["all"])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.output.contains("checks on 1 rank(s) with no MPI"), "\(outcome)")
  }

  @Test("mpirun alone, without the launch scripts, is enough")
  func bareMPIRun() throws {
    let root = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    let outcome = try Launching.run(
      ["mpirun", "--oversubscribe", "-np", "2", Launching.product(program), "where"], environment: root)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.output.split(separator: "\n").count == 2, "\(outcome)")
    #expect(outcome.output.contains("rank 1 of 2"), "\(outcome)")
  }

  @Test("a rank that fails in the middle ends the job with one message and its code", arguments: [1, 3])
  func failureInTheMiddle(ranks: Int) throws {
    let outcome = try Launching.local(ranks: ranks, program, ["fail-in-the-middle"])
    #expect(outcome.status == 65, "\(outcome)")
    #expect(outcome.errorCount(of: "MessagePassingChecks: ") == 1, "\(outcome)")
    #expect(outcome.errors.contains("rank \(ranks - 1) was told to fail"), "\(outcome)")
    #expect(outcome.errors.contains("MessagePassingChecks: rank 2 on ") == (ranks == 3), "\(outcome)")
  }

  @Test("ranks that agree on a failure print one message, that of the lowest")
  func agreedFailure() throws {
    let outcome = try Launching.local(ranks: 3, program, ["fail-together"])
    #expect(outcome.status == 66, "\(outcome)")
    #expect(outcome.errorCount(of: "MessagePassingChecks: ") == 1, "\(outcome)")
    #expect(outcome.errors.contains("models/é: there is no model (rank 1 on "), "\(outcome)")
    #expect(outcome.errors.contains("and 1 other rank(s))\n  hint: give another directory"), "\(outcome)")
  }

  @Test("a rank that is killed ends the job")
  func killedRank() throws {
    let outcome = try Launching.local(ranks: 3, program, ["be-killed"])
    #expect(outcome.status == 137, "\(outcome)")
  }

  @Test(
    "a launcher that promises more ranks than MPI finds is an error, reported once",
    arguments: [
      ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "compare `mpirun --version`"),
      ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun --mpi=pmix"),
      ("SLURM_NTASKS", "SLURM_PROCID", "srun --mpi=pmix"),
    ])
  func launcherDisagrees(size: String, rank: String, remedy: String) throws {
    let first = try Launching.plain(program, ["barrier"], environment: [size: "4", rank: "0"])
    #expect(first.status == 71, "\(first)")
    #expect(first.output.isEmpty, "\(first)")
    #expect(first.errors.contains("\(size)=4: the "), "\(first)")
    #expect(first.errors.contains(remedy), "\(first)")

    let second = try Launching.plain(program, ["barrier"], environment: [size: "4", rank: "1"])
    #expect(second.status == 71, "\(second)")
    #expect(second.errors.isEmpty, "\(second)")

    let alone = try Launching.plain(program, ["barrier"], environment: [size: "1", rank: "0"])
    #expect(alone.status == 0, "\(alone)")
  }
}
