import Checkpoints
import Datasets
import Diagnostics
import Estimation
import Foundation
import MessagePassing
import Planning
import Sessions
import SystemPackage

/// The estimation of several models' statistics by all ranks together.
///
/// The root decides what is left to do: it leaves out what the directory of checkpoints has, and divides the rest over
/// the teams. These work through their parts on their own (``TeamRun``) and meet again when all is done. Sums are
/// integers, so the result has the same bits for every number of ranks, every division and every interruption.
package struct EstimationJob {
  let session: Session
  let plan: Plan
  var options = EstimationOptions()
  let settings: CheckpointSettings
  let directory: CheckpointDirectory
  /// Whether ranks may find the examples in files of the directory; not at a site, whose directory others may see.
  var writesExamples = true

  package init(
    session: Session, plan: Plan, options: EstimationOptions = EstimationOptions(), settings: CheckpointSettings,
    directory: CheckpointDirectory
  ) {
    self.session = session
    self.plan = plan
    self.options = options
    self.settings = settings
    self.directory = directory
  }

  private var world: Communicator { session.communicator }

  /// Estimates what is left to do.
  ///
  /// - Parameters:
  ///   - inputs: the root's, which let go of examples as soon as they are elsewhere.
  ///   - models: the places in the plan of those that are to be estimated.
  ///   - deliver: writes a finished task's statistics, on a leader of a host that sees the directory; with one model,
  ///     on the root.
  /// - Returns: by model, on the root; empty elsewhere.
  ///
  /// **Collective.**
  package func run(
    _ inputs: Inputs?, models: [Int], deliver: @escaping (TaskResult) throws -> Void
  ) throws -> [Int: TaskDelivery] {
    guard !models.isEmpty else { return [:] }
    Signals.install()
    let isShared = try isVisibleToAll()
    let prepared =
      try world.agreeOnRoot(in: "reading checkpoints") {
        try models.map { try prepare($0, inputs) }
      } ?? []
    let blocks = Dictionary(uniqueKeysWithValues: prepared.map { ($0.task.model, $0.blocks) })
    var tasks = prepared.map(\.task)
    let examples = try share(inputs, models, isShared: isShared)
    let source = TaskSource(plan: plan, options: options, directory: directory, examples: examples)
    let unmeasured = try broadcast(tasks.filter { $0.exponents == nil }.map(\.model))
    let units = try measure(unmeasured, source)
    try world.agreeOnRoot(in: "hashing the model") {
      for index in tasks.indices {
        tasks[index].exponents = tasks[index].exponents ?? units[tasks[index].model]
        try identify(&tasks[index], inputs)
      }
    }

    let slotWords = Int(try world.broadcast(Int64(tasks.map(\.words).max() ?? 0)))
    let (team, memory) = try gatherTeams(slotWords: slotWords)
    let run = TeamRun(
      surroundings: TeamSurroundings(session), plan: plan, team: team, memory: memory, source: source,
      checkpoints: CheckpointClock(
        interval: settings.interval,
        end: session.isRoot ? settings.maximumSeconds.map { session.start + .seconds($0) } : nil),
      deliver: deliver)
    let estimates = try EstimationPasses(self, run, tasks: tasks, blocks: blocks, isShared: isShared).finish()
    try memory.free()
    try team.free()
    // Not after a failure: where one rank leaves, some launchers end the others with this signal before they can leave
    // with their code.
    Signals.endOnTermination()
    return estimates
  }

  /// Whether all ranks see the root's directory. **Collective.**
  private func isVisibleToAll() throws -> Bool {
    let mark = try world.agreeOnRoot(in: "creating the directory for checkpoints") { () -> String in
      let file = directory.path.appending(".visible-\(String(UInt64.random(in: .min ... .max), radix: 36))")
      try AtomicFile(file).commit()
      return file.string
    }
    let path = FilePath(String(decoding: try world.broadcast(Array((mark ?? "").utf8)), as: UTF8.self))
    let seeing = try world.allGather(Int64(FileSystem.exists(path) ? 1 : 0))
    if session.isRoot { try? FileSystem.remove(path) }
    let blind = Set(zip(session.places, seeing).filter { $1 == 0 }.map(\.0.host))
    if !blind.isEmpty {
      session.console.warn(
        "\(blind.sorted().joined(separator: ", ")) cannot see \(directory.path): tasks are not divided over hosts, and checkpoints "
          + "hold the work of the other hosts only; name a directory that all hosts share with --checkpoint")
    }
    return blind.isEmpty
  }

  /// Gives the examples to all ranks: as files where they see them, so that nobody holds more than those of one task,
  /// else as they are. **Collective.**
  private func share(
    _ inputs: Inputs?, _ models: [Int], isShared: Bool
  ) throws -> [Int: TokenizedExamples] {
    var examples: [Int: TokenizedExamples] = [:]
    if isShared, writesExamples {
      try world.agreeOnRoot(in: "sharing the examples") {
        for model in models {
          guard let own = inputs?.sources[model].examples else { continue }
          // Of no worth to a later run, so that nothing has to be durable.
          let file = try OutputFile(path: directory.examples(of: plan.models[model].name), replacing: true)
          try file.write(own.bytes)
          try file.close()
        }
      }
    } else {
      for model in models {
        let own = inputs?.sources[model].examples
        let received = try world.broadcast(own?.bytes ?? [])
        examples[model] = try world.agree(in: "sharing the examples") {
          try own ?? TokenizedExamples(decoding: received)
        }
      }
    }
    for model in models { inputs?.releaseExamples(of: model) }
    return examples
  }

  /// A task with what checkpoints have of it, and its blocks. On the root.
  private func prepare(_ model: Int, _ inputs: Inputs?) throws -> (task: EstimationTask, blocks: TaskBlocks) {
    guard let source = inputs?.sources[model], let examples = source.examples else {
      preconditionFailure("the root has planned with the examples")
    }
    let rounds = TaskSource(plan: plan, options: options, directory: directory, examples: [model: examples])
      .rounds(of: examples)
    let blocks = TaskBlocks(rounds, examples, plan, source.model.configuration)
    let sums = plan.emptyStatistics(of: source.model, options).map(\.sums)
    var task = EstimationTask(model: model, words: sums.reduce(examples.count) { $0 + $1.words.count })
    if settings.resumes {
      try identify(&task, inputs)
      try FoundSums(
        directory, task, blockCount: blocks.count, slotCounts: sums.map(\.slots.count), session
      ).add(to: &task)
      if !task.done.isEmpty {
        session.console.note(
          "\(plan.models[model].name): \(task.done.count) of \(blocks.count) blocks are done already")
      }
    }
    return (task, blocks)
  }

  /// Gives a task its hashes, without which checkpoints cannot be told apart. On the root. Waits for those that are
  /// still computed: as late as possible.
  private func identify(_ task: inout EstimationTask, _ inputs: Inputs?) throws {
    guard task.hash.isEmpty else { return }
    guard let hashes = try inputs?.hashes(of: task.model) else {
      preconditionFailure("the root has hashed what it has planned with")
    }
    var plan = plan
    plan.models[task.model].sha256 = hashes.files.map(\.sha256)
    task.hash = try plan.taskHash(of: task.model, options)
    task.modelHash = hashes.model
    task.dataHash = hashes.data ?? ""
  }

  /// Measures the units of some tasks, dealt out to the ranks. Gives them on the root. **Collective.**
  private func measure(_ models: [Int], _ source: TaskSource) throws -> [Int: [[Int]]] {
    var own: [Int: [[Int]]] = [:]
    try world.agree(in: "measuring the units of the sums") {
      // To the ranks that have read these models already, evenly over the hosts.
      for (turn, model) in models.enumerated() where turn * world.size / models.count == world.rank {
        own[model] = try source.measure(try source.open(model)) {
          session.startUp.end()
          try TeamRun.naming(plan.models[model], $0)
        }
      }
    }
    let all = try world.gather(Array(try JSONEncoder().encode(own))) ?? []
    return try all.reduce(into: [:]) { result, bytes in
      result.merge(try JSONDecoder().decode([Int: [[Int]]].self, from: Data(bytes))) { first, _ in first }
    }
  }

  /// Of all nodes the same; `docs/running.md` says what it is good for.
  private static var largestTeam: Int {
    ProcessInfo.processInfo.environment["FISHERMERGE_TEAM_RANKS"].flatMap { Int($0) }.map { max(1, $0) } ?? .max
  }

  /// One team for each node, with several slots where that costs little: then ranks go on with the next task while the
  /// last sums of one are added, handed over or written. **Collective.**
  private func gatherTeams(slotWords: Int) throws -> (Team, TeamMemory) {
    let team = try Team(world, largest: try broadcast(Self.largestTeam))
    let isSmall = 8 * slotWords <= Self.smallSums
    let slots = isSmall ? Self.mostSlots : min(Self.mostSlots, 1 + team.ranks.size / Self.ranksPerSlot)
    func words(_ team: Team) -> Int { TeamWords(ranks: team.ranks.size, parts: plan.models.count).count }
    let bytes = TeamMemory.bytes(controlWords: words(team), slotWords: slotWords, slots: slots)
    do {
      // All nodes decide alike.
      try world.agree(
        in: "making room for the sums",
        Result {
          let node = try world.splitByNode()
          try SharedWindow.verifyRoom(bytes: team.isLeader ? bytes : 0, on: node)
          try node.free()
        })
      return (team, try TeamMemory(team, controlWords: words(team), slotWords: slotWords, slots: slots))
    } catch let error as any DiagnosedError {
      session.console.warn(
        "\(error.subject): \(error.problem); every rank keeps sums of its own, which takes more memory")
    }
    try team.free()
    let alone = try Team(world, largest: 1)
    return (alone, try TeamMemory(alone, controlWords: words(alone), slotWords: slotWords, slots: 1))
  }

  private static let smallSums = 32 << 20
  private static let mostSlots = 4
  /// One more slot of large sums is small beside what so many ranks need for themselves.
  private static let ranksPerSlot = 16

  /// The root's value on all ranks. **Collective.**
  func broadcast<Value: Codable>(_ value: Value) throws -> Value {
    let bytes = try world.broadcast(session.isRoot ? Array(try JSONEncoder().encode(value)) : [])
    return try JSONDecoder().decode(Value.self, from: Data(bytes))
  }
}
