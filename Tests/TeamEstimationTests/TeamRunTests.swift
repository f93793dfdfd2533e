import Foundation
import Synchronization
import TestSupport
import Testing

@testable import TeamEstimation

@Suite("What a team's leader does", .timeLimit(.minutes(5)))
struct TeamRunTests {
  private let fixture: TeamFixture

  init() throws {
    fixture = try TeamFixture()
    try #require(fixture.blocks.count >= 4)
  }

  /// The words of all sums of a delivered task.
  private func words(_ result: TaskResult) -> [Int64] { result.statistics.flatMap { $0.statistic.sums.words.array } }

  @Test("alone it delivers the sums of all blocks, once")
  func alone() throws {
    try KernelLevels.keep {
      var delivered: [[Int64]] = []
      let run = try fixture.leader(0, fixture.orders(teams: 1)) { delivered.append(words($0)) }
      try run.run(progress: nil)
      #expect(delivered == [try fixture.expected()])
      #expect(run.deliveries.map(\.examples) == [400] && run.deliveries[0].refused.isEmpty && run.stop == nil)
      #expect(run.deliveries[0].blocks.count == fixture.blocks.count)
      #expect(fixture.boxes.sent.isEmpty)
    }
  }

  @Test("two leaders hand sums over: announced, called, sent, and delivered by the owner", arguments: 0..<3)
  func handOver(attempt: Int) throws {
    try KernelLevels.keep {
      let orders = fixture.orders(teams: 2)
      let owner = orders.schedule.owners[0]
      try #require(orders.schedule.parts.allSatisfy { $0.count == 1 && $0[0].blocks.count > 0 })
      let delivered = Mutex<[Int: [[Int64]]]>([:])
      let runs = try (0..<2).map { team in
        Leader(
          try fixture.leader(team, orders) { result in
            let words = words(result)
            delivered.withLock { $0[team, default: []].append(words) }
          })
      }
      let failures = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 2) { team in
        // Whoever is done first differs from attempt to attempt.
        if team == attempt % 2 { usleep(20_000) }
        do { try runs[team].run.run(progress: nil) } catch { failures.withLock { $0.append("\(error)") } }
      }
      #expect(failures.withLock { $0 }.isEmpty)
      #expect(delivered.withLock { $0 } == [owner: [try fixture.expected()]])
      #expect(runs[owner].run.deliveries.map(\.examples) == [400] && runs[1 - owner].run.deliveries.isEmpty)
      // In this order, once each, and nothing else.
      #expect(fixture.boxes.sent.map(\.tag) == [Message.announcement, Message.call, Message.sums])
      #expect(fixture.boxes.sent.map(\.source) == [1 - owner, owner, 1 - owner])
    }
  }

  @Test("told to stop it leaves at the end of a block, keeps its sums, tells the others, and goes on from there")
  func stop() throws {
    try KernelLevels.keep {
      let orders = fixture.orders(teams: 2)
      let owner = orders.schedule.owners[0]
      fixture.tellToStop(owner, from: 1 - owner)
      let run = try fixture.leader(owner, orders) { _ in Issue.record("nothing is complete") }
      try run.run(progress: nil)
      #expect(run.stop == .signal && run.deliveries.isEmpty)
      #expect(
        fixture.sent(Message.stop).last
          == Mailboxes.Message(source: owner, destination: 1 - owner, tag: Message.stop, words: [1]))
      let files = fixture.source.directory.checkpoints(of: fixture.task.hash)
      let file = try CheckpointFile(path: try #require(files.first))
      try file.requireIntact()
      #expect(files.count == 1 && file.sums.blocks.count == 1)

      var task = fixture.task
      task.done = file.sums.blocks
      task.files = files.compactMap { $0.lastComponent?.string }
      var delivered: [[Int64]] = []
      let rest = try fixture.leader(0, fixture.orders(teams: 1, task)) { delivered.append(words($0)) }
      try rest.run(progress: nil)
      #expect(delivered == [try fixture.expected()])
      // What is delivered needs no checkpoint any more.
      #expect(fixture.source.directory.checkpoints(of: fixture.task.hash).isEmpty)
    }
  }

  @Test("who has announced its sums and is told to stop takes that back, and keeps them")
  func withdrawal() throws {
    let orders = fixture.orders(teams: 2)
    let sender = 1 - orders.schedule.owners[0]
    let run = Leader(try fixture.leader(sender, orders))
    let isDone = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      try? run.run.run(progress: nil)
      isDone.signal()
    }
    while fixture.sent(Message.announcement).isEmpty { usleep(1000) }
    fixture.tellToStop(sender, from: 1 - sender)
    isDone.wait()
    #expect(fixture.sent(Message.withdrawal).map(\.words) == [[0]] && fixture.sent(Message.sums).isEmpty)
    let files = fixture.source.directory.checkpoints(of: fixture.task.hash)
    #expect(try files.map { try CheckpointFile(path: $0).sums.blocks } == [orders.schedule.parts[sender][0].blocks])
  }

  @Test("a failure to deliver stops all teams and is thrown")
  func failure() throws {
    struct Full: Error {}
    let orders = fixture.orders(teams: 1)
    let run = try fixture.leader(0, orders) { _ in throw Full() }
    #expect(throws: Full.self) { try run.run(progress: nil) }
    #expect(run.stop == .failure)
  }

  @Test("users' request for a checkpoint goes to all leaders and is served at the end of a block")
  func request() throws {
    let orders = fixture.orders(teams: 2)
    let sender = 1 - orders.schedule.owners[0]
    fixture.boxes.put(
      Mailboxes.Message(source: 1 - sender, destination: sender, tag: Message.checkpoint, words: [1]))
    let run = Leader(try fixture.leader(sender, orders))
    let isDone = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      try? run.run.run(progress: nil)
      isDone.signal()
    }
    while fixture.sent(Message.announcement).isEmpty { usleep(1000) }
    #expect(fixture.sent(Message.checkpoint).last?.words == [1])
    let files = fixture.source.directory.checkpoints(of: fixture.task.hash)
    #expect(try files.map { try CheckpointFile(path: $0).sums.blocks.count } == [1])
    fixture.tellToStop(sender, from: 1 - sender)
    isDone.wait()
  }
}

/// A leader on its way to a thread of its own, which alone uses it there.
private struct Leader: @unchecked Sendable {
  let run: TeamRun

  init(_ run: TeamRun) { self.run = run }
}
