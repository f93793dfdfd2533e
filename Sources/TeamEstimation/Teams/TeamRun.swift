import Estimation
import Foundation
import MessagePassing
import Planning
import Scheduling
import Sessions
import Terminal

/// One rank's part in a pass over the tasks: it claims blocks of its team's parts, evaluates them, and adds to the
/// team's sums.
///
/// At every block boundary a rank keeps a pause if its leader has asked for one, and leaves if the team is to stop.
/// What a leader does besides is in `TeamRun+Leader.swift`, `TeamRun+HandOver.swift` and `TeamRun+Checkpoint.swift`.
final class TeamRun {
  let surroundings: TeamSurroundings
  let plan: Plan
  let team: Team
  let memory: TeamMemory
  let source: TaskSource
  let words: TeamWords
  /// When this rank's team was last free to go on, for the interval of checkpoints.
  var checkpoints: CheckpointClock
  /// Writes what is finished; called on the owner's leader.
  let deliver: (TaskResult) throws -> Void

  private(set) var orders = PassOrders(
    tasks: [], schedule: EstimationSchedule(tasks: [], teams: [1]), generation: 0, keepsSums: false)
  /// This team's parts.
  var parts: [EstimationSchedule.Part] { orders.schedule.parts[team.index] }
  /// The leader's view of parts that are under way.
  var activeParts: [Int: ActivePart] = [:]
  /// What other leaders have said and this one has not answered yet.
  var announcements: [Announcement] = []
  /// What came of the tasks that this team owns; the leader's.
  var deliveries: [TaskDelivery] = []
  /// The last pause that this rank kept.
  private var lastPause: Int64 = 0
  /// Whether this leader has told the others that all are to stop.
  var hasSpreadStop = false
  private var progress: PhaseProgress?

  init(
    surroundings: TeamSurroundings, plan: Plan, team: Team, memory: TeamMemory, source: TaskSource,
    checkpoints: CheckpointClock, deliver: @escaping (TaskResult) throws -> Void
  ) {
    self.surroundings = surroundings
    self.plan = plan
    self.team = team
    self.memory = memory
    self.source = source
    self.checkpoints = checkpoints
    self.deliver = deliver
    words = TeamWords(ranks: team.ranks.size, parts: plan.models.count)
  }

  var control: SharedWords { memory.control }
  var stop: StopReason? { StopReason(rawValue: control[words.stop]) }

  /// Evaluates this team's parts. What came of the tasks that it owns is in ``deliveries`` of its leader.
  ///
  /// Throws on a rank that fails; the others return early, with ``stop`` set. **Collective** over the team, and the
  /// teams wait for each other's sums.
  func run(progress: PhaseProgress?) throws {
    self.progress = progress
    defer { progress?.finish() }
    let outcome = Result {
      for part in parts.indices { try work(on: part) }
    }
    if case .failure = outcome { control.raise(words.stop, to: StopReason.failure.rawValue) }
    let closing = Result { if team.isLeader { try conclude() } }
    control[words.activity(team.ranks.rank)] = 0
    control[words.kept(team.ranks.rank)] = .max
    try outcome.get()
    try closing.get()
  }

  /// Prepares for another pass; what active parts hold stays. **Collective** over the team.
  func begin(_ orders: PassOrders) throws {
    if team.isLeader {
      for (index, active) in activeParts {
        (active.arrived, active.arrivedTime) = (blocks(of: active, index), time(of: active, index))
      }
    }
    self.orders = orders
    try team.ranks.barrier()
    if team.isLeader {
      for word in 0..<words.count { control[word] = 0 }
      deliveries = []
    }
    (lastPause, hasSpreadStop) = (0, false)
    try team.ranks.barrier()
  }

  /// Evaluates blocks of one part as long as there are any that nobody has claimed.
  private func work(on part: Int) throws {
    // The slot may still hold another part's sums.
    if part >= memory.slotCount { try wait { control[words.released(part - memory.slotCount)] != 0 } }
    guard stop == nil else { return }
    let blocks = parts[part].blocks.indices
    let task = orders.tasks[parts[part].task]
    let opened = team.isLeader || control[words.claimed(part)] < blocks.count ? try source.open(task.model) : nil
    if team.isLeader, let opened { try begin(part, opened) }
    var worker: BlockWorker?
    while let opened, stop == nil {
      let number = Int(control.add(1, to: words.claimed(part)))
      guard number < blocks.count else { break }
      let own = try worker ?? BlockWorker(self, task, opened, slot: memory.slot(part % memory.slotCount))
      worker = own
      let block = opened.blocks[blocks[number]]
      control[words.activity(team.ranks.rank)] = 1 + Int64(blocks[number])
      surroundings.blockBegins()
      let start = ContinuousClock.now
      do {
        try naming(task) { () throws(EstimationError) in
          try own.estimator.add(ExampleBlock(block, of: opened.examples))
        }
      } catch {
        control[words.corrupted(part)] = 1
        throw error
      }
      control.add(Int64((ContinuousClock.now - start).seconds * 1e9), to: words.time(part))
      control[words.activity(team.ranks.rank)] = 0
      control.add(1, to: words.done(part))
      progress?.advance(by: block.count * surroundings.hosts.count)
      try serve()
    }
  }

  /// Waits until `condition` holds or the team is to stop, and does meanwhile what has to be done.
  func wait(until condition: () throws -> Bool) throws {
    var pauses = 0
    var patience = Patience()
    while try !condition(), stop == nil {
      try serve()
      // Short at first: what is waited for may be nearly there.
      usleep(pauses < 100 ? 50 : 1000)
      pauses += 1
      if team.isLeader, let seconds = patience.endsAfter() { tell(of: seconds) }
    }
  }

  /// Says for whom this leader has waited so long.
  private func tell(of seconds: Double) {
    let ranks = (0..<team.ranks.size).filter { control[words.activity($0)] != 0 }.map { team.members[$0] }
    let others = Set(activeParts.values.flatMap(\.missing)).sorted().map { team.leaders[$0] }
    let receivers = Set(activeParts.values.filter(\.isAnnounced).compactMap(\.part.parent)).sorted().map {
      team.leaders[$0]
    }
    let what = [
      (ranks, "the blocks of"), (others, "the sums of"), (receivers, "somebody to take its sums:"),
    ].compactMap { found, text in found.isEmpty ? nil : "\(text) \(names(of: found))" }
    surroundings.alarm(
      "rank \(team.members[team.ranks.rank]) has waited \(Int(seconds)) s in \"estimating\" for \(what.isEmpty ? "its team" : what.joined(separator: " and "))"
    )
  }

  func names(of ranks: [Int]) -> String { Place.names(of: ranks, hosts: surroundings.hosts) }

  /// What every rank does at a block's boundary.
  func serve() throws {
    control.raise(words.checkpointRequests, to: Int64(Signals.checkpointRequests))
    if Signals.stopRequests > 0 { control.raise(words.stop, to: StopReason.signal.rawValue) }
    if team.isLeader {
      try lead()
    } else {
      keepPause()
    }
  }

  /// Stands still while the leader looks at the sums.
  private func keepPause() {
    let asked = control[words.pause]
    guard asked > lastPause else { return }
    lastPause = asked
    control[words.kept(team.ranks.rank)] = asked
    while control[words.resumed] < asked { usleep(200) }
  }

  /// Adds the data file's name to an error that knows only the row.
  func naming(_ task: EstimationTask, _ body: () throws(EstimationError) -> Void) throws {
    try Self.naming(plan.models[task.model], body)
  }

  static func naming(_ planned: PlannedModel, _ body: () throws(EstimationError) -> Void) throws {
    do throws(EstimationError) {
      try body()
    } catch {
      throw DataFileError(error, in: planned.data?.file ?? planned.name)
    }
  }
}
