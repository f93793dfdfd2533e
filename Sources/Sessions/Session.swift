import Foundation
import LinearAlgebra
import MessagePassing
import Terminal

/// One run of the program on one rank: the world that it is part of and the console that it speaks through.
package struct Session {
  package let world: World
  /// The ranks that work together: all, or a part of them.
  package let communicator: Communicator
  package let console: Console
  /// The command line, for manifests.
  package let command: String
  /// The command line without what says how the run goes, for model cards; see ``CheckpointSettings/without(_:)``.
  package let cardCommand: String
  /// Where every rank runs, in the order of ranks.
  package let places: [Place]

  /// How the ranks compute, each way once, separated by " | "; see `Processor.identity`.
  package let processors: String
  /// Whether these may differ, among ranks and from files that are used again.
  package let allowsUnlikeProcessors: Bool

  /// When this process began.
  package let start: ContinuousClock.Instant
  package let startUp = StartUp()

  /// Whether this rank is the one that reads recipes, speaks and writes. **Not collective.**
  package var isRoot: Bool { communicator.isRoot }

  /// Joins the other ranks, runs `body` on all of them, and leaves; an error of any rank ends the job with one message
  /// and its code.
  ///
  /// - Parameter prepare: runs on the root before anything is written, the log included.
  ///
  /// **Collective.**
  package static func run(
    _ options: Console.Options, command: [String] = CommandLine.arguments, allowsUnlikeProcessors: Bool = false,
    onRoot prepare: () throws -> Void = {}, _ body: (Session) throws -> Void
  ) -> Never {
    // A rank whose launcher is gone would compute on for nobody. Before MPI starts, which takes a moment.
    Signals.endWithParent()
    let start = ContinuousClock.now
    let world: World
    do {
      world = try World.start()
    } catch {
      // Ranks that cannot find each other cannot agree on who speaks.
      if Launcher.current.isFirst { printError(error.description) }
      exit(error.exitCode.rawValue)
    }
    // After MPI, so that these handlers are the ones in place whatever MPI installs.
    // MPI has handlers of its own for the time of its start.
    Signals.install()
    Signals.endOnTermination()
    world.reportCrashes()
    // A rank is one core's work unless the user says otherwise.
    if ProcessInfo.processInfo.environment[BLASThreads.variable] == nil { Processor.blasThreads = 1 }
    do {
      try world.communicator.agree(in: "looking at the processor") {
        try BLASThreads.check(ProcessInfo.processInfo.environment)
        try Processor.takeBLASMemory()
      }
      // A log on an input would destroy it with its first line.
      try world.communicator.agreeOnRoot(in: "checking the outputs", namesRank: false) { try prepare() }
      let console = try world.communicator.agree { try Console(options, speaks: world.communicator.isRoot) }
      do {
        let places = try Place.all(of: world.communicator)
        let processors = try processors(of: world.communicator, places, allowsUnlike: allowsUnlikeProcessors)
        if processors.count > 1 {
          console.warn("the ranks round differently (\(processors.joined(separator: " | "))): last bits depend on them")
        }
        endRefusals(world, console)
        let session = Session(
          world: world, communicator: world.communicator, console: console, command: shellCommand(command),
          cardCommand: shellCommand(CheckpointSettings.without(command)), places: places,
          processors: processors.joined(separator: " | "), allowsUnlikeProcessors: allowsUnlikeProcessors, start: start)
        try session.watchForStalls()
        session.printStart()
        try body(session)
        try session.onRoot { try console.verifyResults() }
        try world.finalize()
      } catch {
        world.fail(error) { console.error($0) }
      }
    } catch {
      world.fail(error, print: printError)
    }
    exit(0)
  }

  private static func printError(_ text: String) {
    FileHandle.standardError.write(Data("error: \(text)\n".utf8))
  }

  /// The command as one could type it, by the program's name.
  private static func shellCommand(_ arguments: [String]) -> String {
    let words = ["fishermerge"] + arguments.dropFirst()
    return words.map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,@+".contains($0) } && !word.isEmpty
        ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }
}

extension Session {
  /// The session of some ranks among themselves, whose first one takes the root's part.
  ///
  /// - Parameter ranks: theirs in this session.
  package func part(_ communicator: Communicator, ranks: [Int]) -> Session {
    Session(
      world: world, communicator: communicator,
      console: communicator.isRoot && !isRoot ? console.warningOnly : console, command: command,
      cardCommand: cardCommand, places: ranks.map { places[$0] }, processors: processors,
      allowsUnlikeProcessors: allowsUnlikeProcessors, start: start)
  }

  /// Says, from any rank, what only this rank knows and the user should. **Not collective.**
  package func alarm(_ text: String) {
    console.alarm(places.count > 1 ? "rank \(world.rank) on \(Place.hostName): \(text)" : text)
  }

  /// Whether this process is the one of its job that speaks before the ranks have found each other.
  /// **Not collective.**
  package static var isFirstProcess: Bool { Launcher.current.isFirst }

  /// Runs on the root what checks or writes a result file, and lets all ranks know of a failure. **Collective.**
  package func onRoot(_ body: () throws -> Void) throws { try communicator.agreeOnRoot(body) }

  /// Has rank 0 say which ranks it waits for where that takes long. **Collective.**
  private func watchForStalls() throws {
    let text = ProcessInfo.processInfo.environment[Self.stallVariable]
    if text != nil, Self.givenStallSeconds == nil {
      console.warn(
        "\(Self.stallVariable)=\(text ?? "") is not a number of seconds; it stays at \(Int(Self.stallSeconds))")
    }
    let seconds = Self.stallSeconds
    try communicator.watch(hosts: places.map(\.host), after: seconds > 0 ? seconds : nil) { console.warn($0) }
  }

  private static let stallVariable = "FISHERMERGE_STALL_SECONDS"

  private static var givenStallSeconds: Double? {
    ProcessInfo.processInfo.environment[stallVariable].flatMap(Double.init).flatMap {
      $0.isFinite && $0 >= 0 ? $0 : nil
    }
  }

  /// After how many seconds a rank that waits says for whom; 0 for never.
  static var stallSeconds: Double { givenStallSeconds ?? 60 }

  /// Ranks, hosts, BLAS and affinity, and warnings where they do not fit together.
  private func printStart() {
    let hosts = Dictionary(grouping: places, by: \.host)
    let ranks =
      "\(places.count) rank\(places.count == 1 ? "" : "s") on \(hosts.count) host\(hosts.count == 1 ? "" : "s")"
    let names = hosts.keys.sorted().map { "\($0) × \(hosts[$0]?.count ?? 0)" }.joined(separator: ", ")
    let affinities = Set(places.compactMap(\.affinity)).sorted()
    let cpus =
      affinities.count > 4
      ? "\(affinities.count) different processor sets" : "processors \(affinities.joined(separator: " | "))"
    console.note(
      "fishermerge \(Version.current): \(ranks) (\(names)), OpenBLAS \(Processor.blasCore) with \(threads(Processor.blasThreads)), "
        + "\(Processor.kernelLevel) kernels, \(cpus), \(world.library ?? "no MPI (one process)")")
    if Processor.blasCoreIsOutdated {
      console.warn(
        "OpenBLAS uses kernels for \(Processor.blasCore), about half as fast as this processor allows; unset OPENBLAS_CORETYPE"
      )
    }
    for (host, ranks) in hosts.sorted(by: { $0.key < $1.key }) {
      // Ranks bound to sets of their own have the sum of these; unbound ones share one set.
      let sets = Set(ranks.compactMap(\.affinity))
      let processors = sets.reduce(0) { $0 + Place.processorCount($1) }
      let wanted = ranks.count * Processor.blasThreads
      if processors > 0, wanted > processors {
        console.warn(
          "\(host): \(ranks.count) ranks × \(threads(Processor.blasThreads)) share \(processors) processor"
            + "\(processors == 1 ? "" : "s"); use fewer ranks, or --bind-to core with one rank per core")
      }
    }
  }

  private func threads(_ count: Int) -> String { "\(count) thread\(count == 1 ? "" : "s")" }
}
