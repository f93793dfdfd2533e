import MessagePassing

func checkSplit(on communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  // Even and odd ranks, in reverse order.
  guard let half = try communicator.split(color: rank % 2, key: -rank) else {
    throw CheckFailure(what: "a rank with a color got no group")
  }
  let members = (0..<size).filter { $0 % 2 == rank % 2 }.reversed().map(Int64.init)
  try expectEqual(half.size, members.count, "the size of a half")
  try expectEqual(half.rank, members.firstIndex(of: Int64(rank)), "the rank in a half")
  try expectEqual(try half.allGather(Int64(rank)), members, "the members of a half")
  try expectTruncationIsThrown(on: half)
  try half.free()

  // Rank 0 stays out.
  let others = try communicator.split(color: rank == 0 ? nil : 4)
  try expectEqual(others == nil, rank == 0, "being left out")
  if let others {
    try expectEqual(others.rank, rank - 1, "the rank among the others")
    try expectEqual(try others.allReduce(Int64(1)), Int64(size - 1), "the sum among the others")
  }
}

func checkSplitByNode(on communicator: Communicator) throws {
  let node = try communicator.splitByNode()
  let hosts = Set(try node.allGather(Place.hostName))
  try expectEqual(hosts.count, 1, "the hosts of one node")
  let nodes = try communicator.allReduce(Int64(node.rank == 0 ? 1 : 0))
  try expectEqual(Int(nodes), Set(try communicator.allGather(Place.hostName)).count, "the number of nodes")
}

func checkAgree(on communicator: Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  try expectEqual(try communicator.agree { rank + 1 }, rank + 1, "an agreed value")
  try expectEqual(try communicator.agreeOnRoot { 5 }, rank == 0 ? 5 : nil, "a value of the root")

  // The last rank fails with a diagnosed error, then all but the first with two kinds of errors.
  let last = try errorOf("agree with a failing rank") {
    try communicator.agree { if rank == size - 1 { throw SampleError.missing("file") } }
  }
  guard size > 1 else { return try expectEqual(last as? SampleError, .missing("file"), "the own error") }
  guard let last = last as? AgreedFailure else { throw CheckFailure(what: "agree threw \(last)") }
  try expectEqual(last.rank, size - 1, "the rank that failed")
  try expectEqual(last.isReporter, rank == size - 1, "whether this rank reports")
  try expectEqual(last.failures, 1, "how many ranks failed")
  try expectEqual(last.subject, "models/é", "the subject")
  try expectEqual(last.problem, "there is no file", "the problem")
  try expectEqual(last.remedy, "give another directory", "the remedy")
  try expectEqual(last.exitCode, .missingInput, "the exit code")
  let texts = Set(try communicator.allGather(last.description))
  try expectEqual(texts.count, 1, "the number of different messages")

  let several = try errorOf("agree with several failing ranks") {
    try communicator.agree { if rank > 0 { throw rank == 1 ? PlainError() as any Error : SampleError.missing("x") } }
  }
  guard let several = several as? AgreedFailure else { throw CheckFailure(what: "agree threw \(several)") }
  try expectEqual(several.rank, 1, "the lowest rank that failed")
  try expectEqual(several.failures, size - 1, "how many ranks failed")
  try expectEqual(several.exitCode, .defect, "the exit code of an unexpected error")

  let root = try errorOf("agreeOnRoot with a failing root") {
    try communicator.agreeOnRoot { throw SampleError.missing("recipe") }
  }
  try expectEqual((root as? AgreedFailure)?.rank, 0, "the failing root")
}

/// What the start line shows.
func checkPlaces(on communicator: Communicator) throws {
  let places = try Place.all(of: communicator)
  try expectEqual(places.count, communicator.size, "the number of places")
  try expectEqual(places[communicator.rank].host, Place.hostName, "the own host")
  for (host, ranks) in Dictionary(grouping: places, by: \.host) {
    try expectEqual(ranks.map(\.nodeRank), Array(ranks.indices), "the ranks on \(host)")
    try expectEqual(Set(ranks.map(\.nodeSize)), [ranks.count], "the number of ranks on \(host)")
  }
  try expectEqual(["", "0", "0-3,8", "2,4,6-127"].map(Place.processorCount), [0, 1, 5, 124], "processor counts")
  #if os(Linux)
    try expect((places[communicator.rank].processors ?? 0) > 0, "the affinity is unknown")
  #endif
}

/// What is concluded from the environment.
func checkLauncher(on communicator: Communicator) throws {
  func verdict(_ environment: [String: String], size: Int) -> (String, manager: Bool, first: Bool) {
    let launcher = Launcher { environment[$0] }
    do throws(MessagePassingError) {
      try launcher.verify(size: size)
      return ("fits", launcher.hasProcessManager, launcher.isFirst)
    } catch {
      guard case .launcherDisagrees(let variable, let announced, let found) = error else {
        return ("other", launcher.hasProcessManager, launcher.isFirst)
      }
      return ("\(variable) \(announced) \(found)", launcher.hasProcessManager, launcher.isFirst)
    }
  }
  let mpirun = ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1", "PMIX_RANK": "1", "PMIX_NAMESPACE": "1"]
  let job = ["SLURM_NTASKS": "4", "SLURM_PROCID": "0"]
  let step = job.merging(["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"]) { $1 }
  let cases: [(String, [String: String], size: Int, String, manager: Bool, first: Bool)] = [
    ("a plain process", [:], 1, "fits", false, true),
    ("mpirun", mpirun, 4, "fits", true, false),
    ("mpirun of another MPI", mpirun, 1, "OMPI_COMM_WORLD_SIZE 4 1", true, false),
    ("MPICH's launcher", ["PMI_SIZE": "3", "PMI_RANK": "0"], 1, "PMI_SIZE 3 1", true, true),
    ("a batch script", job, 1, "SLURM_NTASKS 4 1", false, true),
    ("a batch script of one task", ["SLURM_NTASKS": "1"], 1, "fits", false, true),
    ("srun without PMIx", step, 1, "SLURM_STEP_NUM_TASKS 4 1", false, false),
    ("srun with PMIx", step.merging(["PMIX_RANK": "2", "PMIX_NAMESPACE": "s"]) { $1 }, 4, "fits", true, false),
    ("srun -n 1 in a job of four", job.merging(["SLURM_STEP_NUM_TASKS": "1"]) { $1 }, 1, "fits", false, true),
    (
      "mpirun -np 4 on two nodes of a job", mpirun.merging(["SLURM_STEP_NUM_TASKS": "2"]) { $1 }, 4, "fits", true, false
    ),
  ]
  for (name, environment, size, expected, manager, first) in cases {
    let found = verdict(environment, size: size)
    try expect(found == (expected, manager, first), "\(name): \(found) instead of \((expected, manager, first))")
  }
}
