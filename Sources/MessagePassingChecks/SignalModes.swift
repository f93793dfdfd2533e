import Foundation
import MessagePassing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes one line to `DIRECTORY/rank.N`, at once: what a rank says there is not lost with its launcher.
private func note(_ text: String, _ world: World, in directory: String) {
  let file = open("\(directory)/rank.\(world.rank)", O_WRONLY | O_CREAT | O_APPEND, 0o644)
  defer { close(file) }
  let line = "\(text)\n"
  _ = line.utf8CString.withUnsafeBytes { write(file, $0.baseAddress, $0.count - 1) }
}

/// Says which signals arrive, without calling MPI, until one asks for the end; then waits for `more` tenths of a second
/// and ends in good order.
///
/// In `directory`, each rank has a file with its process's number, "checkpoint N" for each request, "stop SIGNAL",
/// "end".
func listen(in world: World, directory: String, more: Int) throws {
  try world.communicator.barrier()
  try expect(Signals.areInstalled, "the signal handlers are not in place any more")
  note("\(getpid())", world, in: directory)
  try world.communicator.barrier()
  if world.rank == 0 { MessagePassingChecks.printError("listening") }
  var checkpoints = 0
  for _ in 0..<600 {
    if Signals.checkpointRequests > checkpoints {
      checkpoints = Signals.checkpointRequests
      note("checkpoint \(checkpoints)", world, in: directory)
    }
    if Signals.stopRequests > 0 {
      note("stop \(Signals.lastStop ?? 0)", world, in: directory)
      for tenth in 0..<more {
        usleep(100_000)
        note("after \(tenth + 1)", world, in: directory)
      }
      try world.communicator.barrier()
      return note("end", world, in: directory)
    }
    usleep(100_000)
  }
}

/// Ten agreements and reductions of which the watched root names whoever is late after `seconds`; ends with a sum that
/// shows that nothing was mixed up. The ranks in `stopping` stop themselves (SIGSTOP) before the fourth agreement.
///
/// In `directory`, each rank has a file with its process's number.
func beWatched(in world: World, directory: String, seconds: Double, stopping: [Int]) throws {
  let communicator = world.communicator
  note("\(getpid())", world, in: directory)
  let hosts = try communicator.allGather(Place.hostName)
  try communicator.watch(hosts: hosts, after: seconds) { MessagePassingChecks.printError("warning: \($0)") }
  var sum: Int64 = 0
  for round in 0..<10 {
    if round == 3, stopping.contains(world.rank) { kill(getpid(), SIGSTOP) }
    try communicator.agree(in: "round \(round)") { sum += Int64(round) }
    var values = [Int64](repeating: sum, count: 3)
    // Nobody but the root waits here: the others are ahead of it in the next round.
    try communicator.meet("the sums")
    try values.withUnsafeMutableBufferPointer { try communicator.reduce($0) }
    if world.rank == 0 {
      let expected = Int64(round * (round + 1) / 2 * world.size)
      try expectEqual(values, [expected, expected, expected], "the sums of round \(round)")
    }
  }
  try expectEqual(try communicator.allReduce(sum), 45 * Int64(world.size), "the sum of all rounds")
  if world.rank == 0 { print("the sum is \(sum)") }
}
