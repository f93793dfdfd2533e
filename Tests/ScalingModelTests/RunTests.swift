import ScalingModel
import Scheduling
import Testing

@Suite("Runs on clusters that do not exist")
struct RunTests {
  static func workload(_ statistic: StatisticKind = .fisher, tasks: Int = 5, examples: Int = 300) -> Workload {
    Workload(shape: .base, statistic: statistic, tasks: tasks, examples: examples)
  }

  static func platform(_ base: Platform, ranksPerNode: Int) -> Platform {
    var platform = base
    platform.ranksPerNode = ranksPerNode
    return platform
  }

  static var designs: [Design] {
    [1, 2, 4].flatMap { slots in
      [1, 3, Int.max].map { largest in
        var design = Design()
        (design.slots, design.teamRanks) = (slots, largest)
        design.readsAhead = slots == 2
        design.hasFreeLeader = slots == 4
        return design
      }
    }
  }

  @Test("one rank needs the sum of all work", arguments: StatisticKind.allCases)
  func oneRank(statistic: StatisticKind) {
    let run = Run(Self.workload(statistic), ranks: 1, platform: .ideal, design: Design())
    #expect(abs(run.outcome.end - run.work) < 1e-9 * run.work)
    #expect(abs(run.efficiency - 1) < 1e-9)
  }

  @Test("every block is evaluated once and every task delivered, whatever the team", arguments: [1, 2, 7, 16, 61])
  func conservation(ranks: Int) {
    let workload = Self.workload()
    for design in Self.designs {
      for base in [Platform.ideal, .typical, .modest] {
        let run = Run(
          workload, ranks: ranks, platform: Self.platform(base, ranksPerNode: 8), design: design, seed: 3)
        for (task, work) in workload.tasks.enumerated() {
          #expect(
            run.outcome.evaluated[task] == Dictionary(uniqueKeysWithValues: work.blocks.map { ($0.index, 1) }))
          #expect(run.outcome.delivered[task] > 0)
        }
        #expect(run.outcome.delivered.max() == run.outcome.end)
      }
    }
  }

  @Test("no efficiency is above 1, and no rank's time is lost from the books", arguments: [1, 8, 13, 64, 200])
  func accounts(ranks: Int) {
    let workload = Self.workload()
    for design in Self.designs {
      var platform = Self.platform(.typical, ranksPerNode: 16)
      // Slow nodes only: a node that is faster than the platform's speed may well beat it.
      (platform.nodeSpread, platform.blockSpread, platform.slowNodes) = (0, 0, 0.3)
      let run = Run(workload, ranks: ranks, platform: platform, design: design, seed: 5)
      #expect(run.efficiency <= 1 + 1e-9 && run.totalEfficiency < run.efficiency)
      let times = run.outcome.times
      let sum =
        times.computing + times.handingOver + times.writing + times.reading + times.waiting + times.ending
      #expect(abs(sum - Double(ranks) * run.outcome.end) < 1e-6 * sum, "\(sum) of \(Double(ranks) * run.outcome.end)")
    }
  }

  @Test(
    "with one rank per team and nothing but blocks to do, the end is the schedule's own prediction", arguments: 1...9)
  func prediction(teams: Int) {
    let workload = Self.workload()
    let speed = Platform.ideal.speed[.fisher] ?? 1
    let ranks = Array(repeating: 1, count: teams)
    func predicted(_ smallestPart: Double) -> Double {
      let schedule = EstimationSchedule(tasks: workload.tasks, teams: ranks, smallestPart: smallestPart)
      return schedule.finishes(ranks).compactMap(\.last).max().map { $0 / speed } ?? 0
    }
    var design = Design()
    func end() -> Double {
      Run(workload, ranks: teams, platform: Self.platform(.ideal, ranksPerNode: 1), design: design).outcome.end
    }
    // Whole tasks: nobody waits for anybody.
    design.smallestPart = .infinity
    #expect(abs(end() - predicted(.infinity)) < 1e-9 * end())
    // Cut tasks: who hands over waits for the receiver's block to end, at both ends of a team's line.
    design.smallestPart = 0
    let longest = workload.tasks.flatMap(\.blocks).map(\.work).max().map { $0 / speed } ?? 0
    #expect(end() >= predicted(0) * (1 - 1e-9))
    #expect(end() <= predicted(0) + 2 * longest)
  }

  @Test("a second slot never costs time where nothing varies, and larger files never save any")
  func monotony() {
    let workload = Self.workload(tasks: 12)
    var last = Double.infinity
    for slots in 1...3 {
      var design = Design()
      design.slots = slots
      var platform = Self.platform(.typical, ranksPerNode: 8)
      (platform.nodeSpread, platform.blockSpread) = (0, 0)
      let end = Run(workload, ranks: 16, platform: platform, design: design).outcome.end
      #expect(end <= last * 1.01)
      last = end
      platform.nodeWrite /= 10
      #expect(Run(workload, ranks: 16, platform: platform, design: design).outcome.end >= end)
    }
  }

  @Test("the same seed gives the same run, another seed another")
  func seeds() {
    func end(_ seed: UInt64) -> Double {
      Run(Self.workload(), ranks: 40, platform: .typical, design: Design(), seed: seed).outcome.end
    }
    #expect(end(1) == end(1))
    #expect(end(1) != end(2))
  }

  @Test("what is known of nodes' speeds is made use of")
  func speeds() {
    var platform = Self.platform(.ideal, ranksPerNode: 8)
    platform.nodeSpread = 0.2
    var design = Design()
    let workload = Self.workload(tasks: 12, examples: 1000)
    let equal = Run(workload, ranks: 64, platform: platform, design: design)
    design.knowsSpeeds = true
    let apt = Run(workload, ranks: 64, platform: platform, design: design)
    #expect(apt.outcome.end < 0.95 * equal.outcome.end)
  }
}
