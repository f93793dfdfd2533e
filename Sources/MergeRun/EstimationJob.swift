import Checkpoints
import Datasets
import Diagnostics
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import MessagePassing
import Scheduling
import SystemPackage

/// The estimation of several models' statistics by all ranks together.
///
/// The root decides what is left to do: it leaves out what the directory of checkpoints has, and divides the rest over the teams. These work through
/// their parts on their own (``TeamRun``) and meet again when all is done. Sums are integers, so the result has the same bits
/// for every number of ranks, every division and every interruption.
struct EstimationJob {
  let session: Session
  let plan: Plan
  var options = EstimationOptions()
  let settings: CheckpointSettings
  let directory: CheckpointDirectory

  /// The statistics of one model, as the root knows them at the end.
  typealias Estimate = TaskDelivery

  private var world: Communicator { session.communicator }

  /// Estimates what is left to do.
  ///
  /// - Parameters:
  ///   - planner: the root's, which lets go of examples as soon as they are elsewhere.
  ///   - models: the places in the plan of those that are to be estimated.
  ///   - deliver: writes a finished task's statistics, on a leader of a host that sees the directory; with one model, on the root.
  /// - Returns: by model, on the root; empty elsewhere.
  ///
  /// **Collective.**
  func run(
    _ planner: inout Planner?, models: [Int], deliver: @escaping (TaskResult) throws -> Void
  ) throws -> [Int: Estimate] {
    guard !models.isEmpty else { return [:] }
    let isShared = try isVisibleToAll()
    let examples = try share(&planner, models, isShared: isShared)
    let source = TaskSource(plan: plan, options: options, directory: directory, examples: examples)
    var tasks = try world.agreeOnRoot(in: "reading checkpoints") {
      try models.map { try task(of: $0, planner, source) }
    } ?? []
    let unmeasured = try broadcast(tasks.filter { $0.exponents == nil }.map(\.model))
    let units = try measure(unmeasured, source)
    for index in tasks.indices { tasks[index].exponents = tasks[index].exponents ?? units[tasks[index].model] }

    let slotWords = Int(try world.broadcast(Int64(tasks.map(\.words).max() ?? 0)))
    let (team, memory) = try gatherTeams(slotWords: slotWords)
    let run = TeamRun(
      session: session, plan: plan, team: team, memory: memory, source: source,
      checkpoints: CheckpointClock(
        interval: settings.interval, end: session.isRoot ? settings.maximumSeconds.map { session.start + .seconds($0) } : nil),
      deliver: deliver)
    let estimates = try Sweeps(self, run, tasks: tasks, isShared: isShared).finish()
    try memory.free()
    try team.free()
    return estimates
  }

  /// Whether all ranks see the root's directory. **Collective.**
  private func isVisibleToAll() throws -> Bool {
    let mark = try world.agreeOnRoot(in: "creating the directory for checkpoints") { () -> String in
      let file = directory.path.appending(".visible-\(String(UInt64.random(in: .min ... .max), radix: 36))")
      try AtomicFile(file).commit()
      return file.string
    }
    let path = String(decoding: try world.broadcast(Array((mark ?? "").utf8)), as: UTF8.self)
    let seeing = try world.allGather(Int64(FileManager.default.fileExists(atPath: path) ? 1 : 0))
    if session.isRoot { try? FileManager.default.removeItem(atPath: path) }
    let blind = Set(zip(session.places, seeing).filter { $1 == 0 }.map(\.0.host))
    if !blind.isEmpty {
      session.console.warn(
        "\(blind.sorted().joined(separator: ", ")) cannot see \(directory.path): tasks are not divided over hosts, and checkpoints "
          + "hold the work of the other hosts only; name a directory that all hosts share with --checkpoint")
    }
    return blind.isEmpty
  }

  /// Gives the examples to all ranks: as files where they see them, so that nobody holds more than those of one task, else as they are.
  /// **Collective.**
  private func share(
    _ planner: inout Planner?, _ models: [Int], isShared: Bool
  ) throws -> [Int: TokenizedExamples] {
    var examples: [Int: TokenizedExamples] = [:]
    for model in models {
      let own = planner?.sources[model].examples
      if isShared {
        try world.agreeOnRoot(in: "sharing examples") {
          guard let own else { return }
          let file = try AtomicFile(directory.examples(of: plan.models[model].name), replacing: true)
          try file.output.write(own.bytes)
          try file.commit()
        }
      } else {
        let received = try world.broadcast(own?.bytes ?? [])
        examples[model] = try world.agree(in: "sharing examples") { try own ?? TokenizedExamples(decoding: received) }
      }
      planner?.releaseExamples(of: model)
    }
    return examples
  }

  /// A task with what checkpoints have of it. On the root.
  private func task(of model: Int, _ planner: Planner?, _ source: TaskSource) throws -> EstimationTask {
    let opened = try source.open(model)
    let hashes = planner?.sources[model].hashes
    var task = EstimationTask(
      model: model, hash: try plan.taskHash(of: model, options), modelHash: hashes?.model ?? "",
      dataHash: hashes?.data ?? "", words: source.words(opened))
    if settings.resumes {
      FoundSums(directory, task, blockCount: opened.blocks.count, session.console).add(to: &task)
      if !task.done.isEmpty {
        session.console.note(
          "\(plan.models[model].name): \(task.done.count) of \(opened.blocks.count) blocks are done already")
      }
    }
    return task
  }

  /// Measures the units of some tasks, dealt out to the ranks. Gives them on the root. **Collective.**
  private func measure(_ models: [Int], _ source: TaskSource) throws -> [Int: [[Int]]] {
    var own: [Int: [[Int]]] = [:]
    try world.agree(in: "measuring the units of the sums") {
      for (turn, model) in models.enumerated() where turn % world.size == world.rank {
        own[model] = try source.measure(try source.open(model)) {
          try TeamRun.naming(plan.models[model], $0)
        }
      }
    }
    let all = try world.gather(Array(try JSONEncoder().encode(own))) ?? []
    return try all.reduce(into: [:]) { result, bytes in
      result.merge(try JSONDecoder().decode([Int: [[Int]]].self, from: Data(bytes))) { first, _ in first }
    }
  }

  /// One team for each node, with several slots where that costs little: then ranks go on with the next task while the last sums of one
  /// are added, handed over or written. **Collective.**
  private func gatherTeams(slotWords: Int) throws -> (Team, TeamMemory) {
    let team = try Team(world, sharesMemory: true)
    let isSmall = 8 * slotWords <= Self.smallSums
    let slots = isSmall ? 4 : team.ranks.size >= Self.ranksForTwoSlots ? 2 : 1
    func words(_ team: Team) -> Int { TeamWords(ranks: team.ranks.size, parts: plan.models.count).count }
    let bytes = TeamMemory.bytes(controlWords: words(team), slotWords: slotWords, slots: slots)
    do {
      // All nodes decide alike.
      try world.agree(in: "making room for the sums", Result {
        try SharedWindow.verifyRoom(bytes: team.isLeader ? bytes : 0, on: team.ranks)
      })
      return (team, try TeamMemory(team, controlWords: words(team), slotWords: slotWords, slots: slots))
    } catch let error as any DiagnosedError {
      session.console.warn("\(error.subject): \(error.problem); every rank keeps sums of its own, which takes more memory")
    }
    try team.free()
    let alone = try Team(world, sharesMemory: false)
    return (alone, try TeamMemory(alone, controlWords: words(alone), slotWords: slotWords, slots: 1))
  }

  private static let smallSums = 32 << 20
  private static let ranksForTwoSlots = 16

  /// The root's value on all ranks. **Collective.**
  func broadcast<Value: Codable>(_ value: Value) throws -> Value {
    let bytes = try world.broadcast(session.isRoot ? Array(try JSONEncoder().encode(value)) : [])
    return try JSONDecoder().decode(Value.self, from: Data(bytes))
  }
}
