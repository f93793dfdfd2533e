import ScalingModel
import Scheduling
import Testing

@Suite("Runs that nodes drop out of")
struct FailureTests {
  /// 30 tasks of 200 blocks of about a second.
  static let tasks: [EstimationSchedule.Work] = {
    var random = RandomNumbers(seed: 8)
    return (0..<30).map { _ in .init(blocks: (0..<200).map { ($0, 0.8 + 0.4 * random.uniform()) }) }
  }()
  static let work = tasks.reduce(0) { $0 + $1.total }

  static func run(interval: Double, cost: Double = 0, nodeLife: Double = .infinity, seed: UInt64 = 1) -> FailingRun {
    var run = FailingRun()
    (run.interval, run.cost, run.nodeLife, run.restart, run.seed) = (interval, cost, nodeLife, 0, seed)
    return run
  }

  @Test("without failures and checkpoints it takes the work divided by the ranks")
  func undisturbed() {
    let one = Self.run(interval: .infinity).play(Self.tasks, nodes: 1, ranks: 1)
    #expect(abs(one.total - Self.work) < 1e-6 && one.failures == 0 && one.lost == 0 && one.evaluations == 6000)
    let many = Self.run(interval: .infinity).play(Self.tasks, nodes: 4, ranks: 5)
    #expect(many.total >= Self.work / 20 && many.total <= Self.work / 20 + 2.4)
  }

  @Test("a checkpoint costs its time and the wait for each other")
  func pauses() {
    let plain = Self.run(interval: .infinity).play(Self.tasks, nodes: 1, ranks: 1).total
    let paused = Self.run(interval: 100, cost: 7).play(Self.tasks, nodes: 1, ranks: 1).total
    let count = ((paused - plain) / 7).rounded()
    #expect(abs(paused - plain - 7 * count) < 1e-6)
    #expect(abs(count - Self.work / 100) <= 2)
  }

  @Test("a failure costs no block that is older than a checkpoint", arguments: 1...20 as ClosedRange<UInt64>)
  func lostWork(seed: UInt64) {
    let outcome = Self.run(interval: 20, cost: 1, nodeLife: 400, seed: seed).play(Self.tasks, nodes: 4, ranks: 5)
    // All blocks are evaluated, some of them again.
    #expect(outcome.evaluations >= 6000)
    // The ranks wait for a block of 1.2 s at most before the checkpoint is written.
    #expect(outcome.oldestLost.allSatisfy { $0 <= 20 + 1.2 + 1 + 1.2 })
    #expect(outcome.lost <= Double(outcome.failures) * 20 * (20 + 1.2))
    #expect(outcome.total >= Self.work / 20)
  }

  @Test("the mean agrees with Daly's formula where its assumptions hold")
  func daly() {
    // Blocks are short beside the interval, and an attempt's end is a small part of the run.
    let (nodes, ranks) = (4, 2)
    for interval in [15.0, 60] {
      let totals = (1...60).map {
        Self.run(interval: interval, cost: 2, nodeLife: 1200, seed: $0).play(Self.tasks, nodes: nodes, ranks: ranks)
          .total
      }
      let mean = totals.reduce(0, +) / 60
      // Half a block of waiting for each other at each checkpoint.
      let expected = FailingRun.daly(
        work: Self.work / 8, interval: interval, cost: 2 + 0.5, jobLife: 300, restart: 0)
      #expect(abs(mean / expected - 1) < 0.08, "\(mean) for \(expected)")
    }
  }

  @Test("Young's interval is where Daly's time is least")
  func young() {
    let best = FailingRun.young(cost: 5, jobLife: 86400)
    func time(_ interval: Double) -> Double {
      FailingRun.daly(work: 36000, interval: interval, cost: 5, jobLife: 86400, restart: 60)
    }
    #expect(abs(best - 929.5) < 0.1)
    #expect(time(best) < time(best * 1.2) && time(best) < time(best / 1.2))
  }
}
