import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Scheduling
import SystemPackage
import TestSupport

@testable import MessagePassing
@testable import Planning
@testable import TeamEstimation

/// One model whose statistics teams of one rank each estimate, in this process and without MPI.
struct TeamFixture {
  let plan: Plan
  let source: TaskSource
  let task: EstimationTask
  let blocks: [[Int]]
  let boxes = Mailboxes()
  private let merge: MergeFixture

  init() throws {
    merge = try MergeFixture()
    // Enough for several blocks.
    try merge.scratch.write("two.jsonl", SyntheticText.jsonLines(examples: 400, classes: 2, seed: 2))
    let (plan, inputs) = try merge.plan()
    self.plan = plan
    try FileSystem.makeDirectory(merge.path("kept"))
    source = TaskSource(
      plan: plan, options: EstimationOptions(),
      directory: CheckpointDirectory(path: merge.path("kept"), isTemporary: false),
      examples: inputs.sources[0].examples.map { [0: $0] } ?? [:])
    let opened = try source.open(0)
    blocks = opened.blocks
    var task = EstimationTask(model: 0)
    task.hash = try plan.taskHash(of: 0, source.options)
    task.exponents = try source.measure(opened) { try $0() }
    let sums = plan.emptyStatistics(of: opened.model, source.options).map(\.sums)
    task.words = sums.reduce(opened.examples.count) { $0 + $1.words.count }
    self.task = task
  }

  /// The sums of all blocks by one estimator, with the units of the task.
  func expected() throws -> [Int64] {
    let opened = try source.open(0)
    let statistics = plan.emptyStatistics(of: opened.model, source.options)
    for (index, statistic) in statistics.enumerated() {
      statistic.sums.adopt(exponents: task.exponents?[index] ?? [])
    }
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try opened.model.singlePrecisionWeights()), statistics: statistics,
      expectation: plan.sampling.expectation, seed: plan.sampling.seed)
    for block in blocks { try estimator.add(ExampleBlock(block, of: opened.examples)) }
    return statistics.flatMap { $0.sums.words.array }
  }

  /// What is left of the task, divided over so many teams.
  func orders(teams: Int, _ task: EstimationTask? = nil) -> PassOrders {
    let task = task ?? self.task
    let left = blocks.indices.filter { !task.done.indices.contains($0) }
    let schedule = EstimationSchedule(
      tasks: [.init(blocks: left.map { ($0, 1) })], teams: [Int](repeating: 1, count: teams))
    return PassOrders(tasks: [task], schedule: schedule, generation: 0, keepsSums: false)
  }

  /// The leader of one team, ready for its orders.
  func leader(
    _ index: Int, _ orders: PassOrders, deliver: @escaping (TaskResult) throws -> Void = { _ in }
  ) throws -> TeamRun {
    let teams = orders.schedule.parts.count
    let team = Team(
      ranks: Communicator(), control: boxes.messages(of: index), index: index, members: [index],
      sizes: [Int](repeating: 1, count: teams), leaders: Array(0..<teams))
    let memory = try TeamMemory(
      team, controlWords: TeamWords(ranks: 1, parts: plan.models.count).count, slotWords: task.words, slots: 1)
    let run = TeamRun(
      surroundings: TeamSurroundings(
        hosts: (0..<teams).map { "host\($0)" }, processors: "one kind", alarm: { _ in }, alarmFromHere: { _ in },
        blockBegins: {}),
      plan: plan, team: team, memory: memory, source: source, checkpoints: CheckpointClock(interval: 600, end: nil),
      deliver: deliver)
    try run.begin(orders)
    return run
  }

  /// The messages with a tag, by sender and receiver.
  func sent(_ tag: Int) -> [Mailboxes.Message] { boxes.sent.filter { $0.tag == tag } }

  /// Has a leader be told by another one that all are to stop.
  func tellToStop(_ leader: Int, from other: Int, _ reason: StopReason = .signal) {
    boxes.put(
      Mailboxes.Message(source: other, destination: leader, tag: Message.stop, words: [reason.rawValue]))
  }
}
