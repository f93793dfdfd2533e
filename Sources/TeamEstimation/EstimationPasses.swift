import Estimation
import Foundation
import MessagePassing
import Scheduling
import Sessions
import StatisticsFiles
import Terminal

/// What the root has the teams do, one pass over the tasks after the other: all that is left to do; then once more the
/// tasks whose units did not fit; and with `--until-error` round by round.
final class EstimationPasses {
  private let job: EstimationJob
  private let run: TeamRun
  private let source: TaskSource
  private let isShared: Bool
  private let generation: Int
  /// On the root: the blocks of each task, by model.
  private let blocks: [Int: TaskBlocks]
  /// On the root: what is not finished, and what came of the rest.
  private var left: [EstimationTask]
  private var finished: [Int: TaskDelivery] = [:]
  /// The round that is evaluated next; nil where there are none, and once the error is small enough.
  private var round: Int?

  private var session: Session { job.session }
  private var world: Communicator { job.session.communicator }

  /// - Parameter tasks: the root's.
  init(
    _ job: EstimationJob, _ run: TeamRun, tasks: [EstimationTask], blocks: [Int: TaskBlocks], isShared: Bool
  ) {
    (self.job, self.run, self.isShared) = (job, run, isShared)
    source = run.source
    self.blocks = blocks
    left = tasks
    generation = job.session.isRoot ? source.directory.nextGeneration : 0
    round = job.options.largestError == nil ? nil : 0
  }

  /// Makes passes until nothing is left. Gives what came of each task, by model, on the root. **Collective.**
  func finish() throws -> [Int: TaskDelivery] {
    while let orders = try nextOrders() {
      let outcome = Result {
        try run.begin(orders)
        try run.run(progress: session.isRoot ? progress(orders) : nil)
      }
      // Whoever has failed says why; the others have stopped because of it.
      try world.agree(in: "the end of the estimation", outcome)
      try leaveIfStopped()
      let deliveries = try world.gather(Array(try JSONEncoder().encode(run.deliveries))) ?? []
      for bytes in deliveries {
        for delivery in try JSONDecoder().decode([TaskDelivery].self, from: Data(bytes)) { note(delivery) }
      }
      try world.agreeOnRoot(in: "the error of the statistics") { if orders.keepsSums { try judgeRound() } }
    }
    return finished
  }

  /// The root's next orders, on all ranks; nil where nothing is left. **Collective.**
  private func nextOrders() throws -> PassOrders? {
    let orders = try world.agreeOnRoot(in: "dividing the tasks") { left.isEmpty ? [] : [try next()] }
    return try job.broadcast(orders ?? []).first
  }

  /// Ends the run on all ranks where it was asked to. **Collective.**
  private func leaveIfStopped() throws {
    let stop = try world.allReduce(run.stop?.rawValue ?? 0, .maximum)
    guard let reason = StopReason(rawValue: stop)?.interruption else { return }
    try world.agreeOnRoot(in: "leaving", namesRank: false) {
      throw CheckpointError.interrupted(by: reason, source.directory.path)
    }
  }

  // MARK: On the root

  /// What the next pass is to do.
  private func next() throws -> PassOrders {
    let works = left.map { EstimationSchedule.Work(blocks: pending($0)) }
    let sizes = run.team.sizes
    // One task alone is delivered by the root, which several commands rely on.
    let schedule =
      isShared && left.count > 1
      ? EstimationSchedule(tasks: works, teams: sizes, smallestPart: Self.handOver(words: left.map(\.words).max() ?? 0))
      : .sequential(tasks: works, teams: sizes)
    let blocks = works.reduce(0) { $0 + $1.blocks.count }
    if blocks < world.size {
      session.console.note(
        "\(blocks) blocks for \(world.size) ranks, so \(world.size - blocks) of them are idle")
    }
    return PassOrders(tasks: left, schedule: schedule, generation: generation, keepsSums: round != nil)
  }

  /// What handing sums over costs, in operations: a byte takes about as long as 100 of them.
  private static func handOver(words: Int) -> Double { 100 * 8 * Double(words) }

  /// The blocks of a task that are to be evaluated now, with their predicted work.
  private func pending(_ task: EstimationTask) -> [(index: Int, work: Double)] {
    guard let blocks = blocks[task.model] else { return [] }
    if let goal = task.goal {
      round = nil
      return goal.subtracting(task.done).indices.map { ($0, blocks.work[$0]) }
    }
    if let round {
      // Blocks of a later round were begun only where the rounds before did not suffice.
      self.round = max(round, blocks.ends.indices.last { !blocks.round($0).isDisjoint(with: task.done) } ?? 0)
    }
    let wanted = BlockSet(0..<(self.round.map { blocks.ends[$0] } ?? blocks.count))
    return wanted.subtracting(task.done).indices.map { ($0, blocks.work[$0]) }
  }

  /// Decides whether another round is needed; else delivers what there is.
  private func judgeRound() throws {
    guard let active = run.activeParts.values.first else { return }
    let task = active.task.model
    guard let blocks = blocks[task] else { return }
    let index = round ?? 0
    let done = BlockSet(0..<blocks.ends[index])
    guard let limit = job.options.largestError, index + 1 < blocks.ends.count,
      try !isKnown(active, within: limit, examples: done.indices.reduce(0) { $0 + blocks.examples[$1] })
    else {
      round = nil
      if let delivery = try run.deliverKept() { note(delivery) }
      return
    }
    round = index + 1
    if let place = left.firstIndex(where: { $0.model == task }) { left[place].done = done }
  }

  /// Whether the sums so far have small enough standard errors.
  private func isKnown(_ active: ActivePart, within limit: Double, examples: Int) throws -> Bool {
    let planned = job.plan.models[active.task.model]
    let tables = SamplingError.tables(job.plan.statistics, planned.configuration)
    let names = Set(tables.flatMap { $0.tensors.flatMap { [$0.sums, $0.squares] } })
    // A sum that may have overflowed says nothing yet; a second pass will mend it.
    let fits = active.sums.statistics.allSatisfy { statistic in
      statistic.sums.slots.indices.allSatisfy { slot in
        !names.contains(statistic.sums.slots[slot].name)
          || FixedPointSums.fits(tally: statistic.sums.tallies[2 * slot])
      }
    }
    let reader = EstimatedStatistics(
      Array(zip(job.plan.statistics, active.sums.statistics)), examples: examples, tokens: 0)
    let errors = try SamplingError.all(reader, planned.configuration)
    session.console.note(
      "\(planned.name): relative standard error after \(examples) examples: "
        + (fits ? SamplingError.text(errors) : "not known before a second pass, for which all examples are used"))
    return fits && errors.allSatisfy { $0.error.map { $0 <= limit } ?? false }
  }

  /// Takes note of a task that has come to its owner.
  private func note(_ delivery: TaskDelivery) {
    guard let place = left.firstIndex(where: { $0.model == delivery.model }) else { return }
    let name = job.plan.models[delivery.model].name
    guard !delivery.refused.isEmpty else {
      finished[delivery.model] = delivery
      left.remove(at: place)
      if let warning = delivery.warning { session.console.warn(warning) }
      return
    }
    session.console.note(
      "\(name): the measured examples were not typical for \(delivery.refused.count) tensors (\(delivery.refused[0])); "
        + "all blocks are evaluated once more")
    left[place].pass += 1
    left[place].exponents = delivery.exponents
    left[place].settled = delivery.settled
    (left[place].done, left[place].files, left[place].processors) = (BlockSet(), [], [])
    left[place].seconds = delivery.seconds
    left[place].goal = delivery.blocks
  }

  private func progress(_ orders: PassOrders) -> PhaseProgress {
    let examples = orders.schedule.parts.joined().reduce(0) { sum, part in
      let blocks = blocks[orders.tasks[part.task].model]
      return sum + part.blocks.indices.reduce(0) { $0 + (blocks?.examples[$1] ?? 0) }
    }
    let again = left.contains { $0.pass > 1 } ? ", again with wider sums" : ""
    let label = left.count == 1 ? job.plan.models[left[0].model].name : "estimating"
    return PhaseProgress(label + again, total: examples, console: session.console)
  }
}
