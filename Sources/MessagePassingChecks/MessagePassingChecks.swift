// Named checks of MessagePassing, one process per rank; EndToEndTests launches them.
//
//   MessagePassingChecks all            every check of `checks`, each on the world, on the rank alone and on a duplicate
//   MessagePassingChecks NAME           one of them
//   MessagePassingChecks where          prints where each rank runs
//   MessagePassingChecks wait             a minute of barriers, for tests that break something meanwhile
//   MessagePassingChecks listen DIRECTORY TENTHS | outlive DIRECTORY TENTHS      what signals do; see SignalModes.swift
//   MessagePassingChecks watched DIRECTORY SECONDS RANK…      names ranks that are late
//   MessagePassingChecks window MEGABYTES       makes a shared window of that size
//   MessagePassingChecks break-down WAY           a rank traps, or is ended by a signal
//   MessagePassingChecks fail-in-the-middle | fail-together | be-killed      ends the job with exit code 65, 66 or 137

import Foundation
import MessagePassing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@main
struct MessagePassingChecks {
  /// The checks by name, in the order in which `all` runs them.
  static let checks: [(name: String, run: @Sendable (Communicator) throws -> Void)] = [
    ("barrier", { try $0.barrier() }),
    ("broadcast", { try checkBroadcast(on: $0) }),
    ("all-reduce", { try checkAllReduce(on: $0) }),
    ("reduce", { try checkReduce(on: $0) }),
    ("exact-sums", { try checkExactSums(on: $0) }),
    ("gather", { try checkGather(on: $0) }),
    ("gather-varying", { try checkGatherOfVaryingSizes(on: $0) }),
    ("split", { try checkSplit(on: $0) }),
    ("split-by-node", { try checkSplitByNode(on: $0) }),
    ("agree", { try checkAgree(on: $0) }),
    ("requests", { try checkRequests(on: $0) }),
    ("request-order", { try checkOrderOfRequests(on: $0) }),
    ("messages", { try checkMessages(on: $0) }),
    ("posts", { try checkPosts(on: $0) }),
    ("shared-window", { try checkSharedWindow(on: $0) }),
    ("shared-sums", { try checkSharedSums(on: $0) }),
    ("forgotten-window", { try checkForgottenWindow(on: $0) }),
    ("left-behind-window", { try checkLeftBehindWindow(on: $0) }),
    ("lazy-window", { try checkLazyWindow(on: $0) }),
    ("errors", { try checkErrors(on: $0) }),
    ("launcher", { try checkLauncher(on: $0) }),
    ("places", { try checkPlaces(on: $0) }),
  ]

  static func main() {
    let launcher = Launcher.current
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "listen" { Signals.endWithParent() }
    Signals.install()
    let world: World
    do {
      world = try World.start(launcher)
    } catch {
      if launcher.isFirst { printError(error.description) }
      exit(error.exitCode.rawValue)
    }
    do {
      try run(Array(arguments), in: world)
      try world.finalize()
    } catch {
      world.fail(error, print: printError)
    }
  }

  static func run(_ arguments: [String], in world: World) throws {
    switch arguments.first ?? "all" {
    case "listen" where arguments.count == 3, "outlive" where arguments.count == 3:
      try listen(in: world, directory: arguments[1], more: Int(arguments[2]) ?? 0)
    case "where":
      for (rank, place) in try Place.all(of: world.communicator).enumerated() where world.rank == 0 {
        print(
          "rank \(rank) of \(world.size) on \(place.host), \(place.nodeRank) of \(place.nodeSize) there, "
            + "processors \(place.affinity ?? "unknown")")
      }
    case "watched" where arguments.count > 2:
      try beWatched(
        in: world, directory: arguments[1], seconds: Double(arguments[2]) ?? 1,
        stopping: arguments.dropFirst(3).compactMap { Int($0) })
    case "window" where arguments.count == 2:
      let team = try world.communicator.splitByNode()
      let outcome = Result { try SharedWindow(bytes: (Int(arguments[1]) ?? 0) << 20, team: team) }
      try world.communicator.agree(outcome)
    case "break-down" where arguments.count == 2: try breakDown(arguments[1], in: world)
    case "fail-in-the-middle":
      try world.communicator.barrier()
      if world.rank == world.size - 1 { throw CheckFailure(what: "rank \(world.rank) was told to fail") }
      try world.communicator.barrier()
    case "wait":
      try world.communicator.barrier()
      if world.rank == 0 { printError("waiting") }
      for _ in 0..<6000 {
        try world.communicator.barrier()
        usleep(10_000)
      }
    case "be-killed":
      if world.rank == world.size - 1 { kill(getpid(), SIGKILL) }
      try world.communicator.barrier()
    case "fail-together":
      try world.communicator.agree { if world.rank > 0 || world.size == 1 { throw SampleError.missing("model") } }
    case let argument:
      try runChecks(argument, in: world)
    }
  }

  /// Ends the last rank in the middle of its work, while the others wait for it.
  static func breakDown(_ way: String, in world: World) throws {
    world.reportCrashes()
    try world.communicator.barrier()
    if world.rank == world.size - 1 {
      switch way {
      case "trap": preconditionFailure("this rank was told to trap")
      case "fault": UnsafeMutablePointer<Int>(bitPattern: 64)?.pointee = 1
      case "abort": abort()
      case "exit": exit(3)
      default: kill(getpid(), SIGKILL)
      }
      sleep(60)
    }
    try world.communicator.barrier()
  }

  static func runChecks(_ argument: String, in world: World) throws {
    let chosen = checks.filter { argument == "all" || argument == $0.name }
    guard !chosen.isEmpty else { throw CheckFailure(what: "there is no check named \(argument)") }
    let duplicate = try world.communicator.duplicate()
    for check in chosen {
      try check.run(world.communicator)
      try check.run(world.alone)
      try check.run(duplicate)
      if world.rank == 0 { print("ok \(check.name)") }
    }
    try duplicate.free()
    guard world.rank == 0 else { return }
    print("passed \(chosen.count) checks on \(world.size) rank(s) with \(world.library ?? "no MPI")")
  }

  /// Writes whole lines at once, so that messages of several ranks do not mix.
  static func printError(_ text: String) {
    let line = "MessagePassingChecks: \(text)\n"
    _ = line.utf8CString.withUnsafeBytes { write(2, $0.baseAddress, $0.count - 1) }
  }
}
