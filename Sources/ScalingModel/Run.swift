import Foundation
import Scheduling

/// One run of the program on a cluster.
package struct Run: Sendable {
  /// Seconds of each phase of the start, in order.
  package let start: [(name: String, seconds: Double)]
  package let outcome: Simulation.Outcome
  package let ranks: Int
  package let teams: Int
  package let parts: Int
  /// Seconds that one rank of the platform's speed would compute.
  package let work: Double

  /// From the command to the last file.
  package var total: Double { startSeconds + outcome.end }
  package var startSeconds: Double { start.reduce(0) { $0 + $1.seconds } }
  /// Of the schedule alone.
  package var efficiency: Double { outcome.end > 0 ? work / (Double(ranks) * outcome.end) : 1 }
  /// Of the whole run: work ÷ (ranks × time).
  package var totalEfficiency: Double { total > 0 ? work / (Double(ranks) * total) : 1 }

  package init(_ workload: Workload, ranks: Int, platform: Platform, design: Design, seed: UInt64 = 1) {
    var random = RandomNumbers(seed: seed)
    let perNode = min(platform.ranksPerNode, ranks)
    let nodes = (ranks + perNode - 1) / perNode
    let factors = (0..<nodes).map { _ in
      let factor = random.factor(sigma: platform.nodeSpread)
      return random.uniform() < platform.slowNodes ? factor * platform.slowness : factor
    }
    var layout: [(node: Int, ranks: Int)] = []
    for node in 0..<nodes {
      let present = min(perNode, ranks - node * perNode)
      // As even as possible, as `Team` does it.
      let count = present > design.teamRanks ? (present + design.teamRanks - 1) / design.teamRanks : 1
      for index in 0..<count {
        layout.append((node, present * (index + 1) / count - present * index / count))
      }
    }
    let schedule = EstimationSchedule(
      tasks: workload.tasks,
      capacities: layout.map { Double($0.ranks) / (design.knowsSpeeds ? factors[$0.node] : 1) },
      smallestPart: design.smallestPart)
    var simulation = Simulation(
      workload, schedule, layout: layout, nodeFactors: factors, platform: platform, design: design, seed: seed)
    outcome = simulation.run()
    work = workload.operations / (platform.speed[workload.statistic] ?? 1)
    start = Self.start(workload, ranks: ranks, nodes: nodes, platform, design)
    (self.ranks, teams) = (ranks, layout.count)
    parts = schedule.parts.reduce(0) { $0 + $1.count }
  }

  /// What comes before the first block.
  private static func start(
    _ workload: Workload, ranks: Int, nodes: Int, _ platform: Platform, _ design: Design
  ) -> [(name: String, seconds: Double)] {
    let tasks = Double(workload.tasks.count)
    let speed = platform.speed[workload.statistic] ?? 1
    let launch =
      platform.launch + platform.launchPerDoubling * log2(Double(nodes))
      + platform.launchPerLocalRank * Double(min(platform.ranksPerNode, ranks))
    let planners = design.plansInParallel ? min(tasks, Double(ranks)) : 1
    let readers = min(planners, Double(nodes))
    let turns = (tasks / planners).rounded(.up)
    let reading = tasks * workload.shape.weightBytes / min(platform.totalRead, readers * platform.nodeRead)
    let hashing = turns * workload.shape.weightBytes / platform.hashing
    let tokens = Double(workload.tokens) / tasks * turns / platform.tokenizing
    let opening = turns * platform.opening
    let depth = log2(Double(max(1, nodes))).rounded(.up)
    let bytes = 8 * Double(workload.tokens)
    let broadcast = platform.bandwidth.isFinite ? bytes / platform.bandwidth * 2 + depth * platform.latency : 0
    // The examples of a task by one rank, or every example by a rank of its own.
    let single = workload.measured.flatMap { $0 }
    let perNode = min(platform.ranksPerNode, ranks)
    // Of the first ranks' nodes, only that of a rank 0 that has hashed everything has the weights in memory.
    let unread =
      design.plansInParallel ? min(tasks, Double(perNode)) : min(max(0, tasks - Double(perNode)), Double(perNode))
    let rereading = design.measuresWhereRead ? 0 : unread * workload.shape.weightBytes / platform.nodeRead
    let measuring: Double
    if design.spreadsMeasuring {
      measuring = (Double(single.count) / Double(ranks)).rounded(.up) * (single.max() ?? 0) / speed
    } else {
      measuring =
        (tasks / Double(ranks)).rounded(.up) * (workload.measured.map { $0.reduce(0, +) }.max() ?? 0) / speed
    }
    return [
      ("launch", launch), ("reading and hashing", max(reading, hashing)), ("tokenising", tokens + opening),
      ("dividing", tasks * platform.dividing + broadcast), ("measuring units", measuring + rereading),
    ]
  }
}
