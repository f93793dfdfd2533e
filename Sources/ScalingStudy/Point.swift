import Foundation
import ScalingModel
import Scheduling

/// One row of the results: a cluster, a piece of work, and what came of it; means over seeds.
struct Point: Codable {
  var study: String
  var design: String
  var platform: String
  var model: String
  var statistic: StatisticKind
  var texts: String
  var tasks: Int
  var examples: Int
  var ranks: Int
  var ranksPerNode: Int
  var blocks: Int
  /// Work ÷ ranks.
  var idealSeconds: Double
  var startSeconds: Double
  var scheduleSeconds: Double
  /// Of the schedule, without the start; and of the whole run.
  var scheduleEfficiency: Double
  var efficiency: Double
  /// The least and the largest of the seeds.
  var efficiencyRange: [Double]
  /// Seconds of all ranks on average.
  var times: Simulation.Times
  var start: [String: Double]
}

/// What a run is made of, beside its ranks.
struct Setting {
  var study: String
  var design = "current"
  var platform = Platform.typical
  var shape = EncoderShape.base
  var statistic = StatisticKind.maskFisher
  var texts = "sentences"
  var tasks = 100
  var examples = 4096
  var seeds = 3
  /// What is unlike the named design.
  var change: (inout Design) -> Void = { _ in }

  var workload: Workload {
    Workload(
      shape: shape, statistic: statistic, tasks: tasks, examples: examples,
      texts: texts == "sentences" ? TextLengths.measured : [.passages])
  }

  func point(_ workload: Workload, ranks: Int) -> Point {
    let perNode = min(ranks, platform.ranksPerNode)
    var design: Design =
      switch design {
      case "first": .first(statistic)
      case "units on the first ranks": .withUnitsOnFirstRanks(statistic, ranksPerNode: perNode)
      case "possible": .possible(statistic, ranksPerNode: perNode)
      default: .current(statistic, ranksPerNode: perNode)
      }
    change(&design)
    let runs = (1...seeds).map { Run(workload, ranks: ranks, platform: platform, design: design, seed: UInt64($0)) }
    func mean(_ value: (Run) -> Double) -> Double { runs.reduce(0) { $0 + value($1) } / Double(runs.count) }
    func time(_ path: KeyPath<Simulation.Times, Double>) -> Double {
      mean { $0.outcome.times[keyPath: path] } / Double(ranks)
    }
    var times = Simulation.Times()
    (times.computing, times.handingOver, times.writing) = (time(\.computing), time(\.handingOver), time(\.writing))
    (times.reading, times.waiting, times.ending) = (time(\.reading), time(\.waiting), time(\.ending))
    let all = runs.map(\.totalEfficiency)
    return Point(
      study: study, design: self.design, platform: platform.name, model: shape.name, statistic: statistic, texts: texts,
      tasks: tasks, examples: examples, ranks: ranks, ranksPerNode: perNode, blocks: workload.blocks,
      idealSeconds: runs[0].work / Double(ranks), startSeconds: mean(\.startSeconds),
      scheduleSeconds: mean(\.outcome.end), scheduleEfficiency: mean(\.efficiency), efficiency: mean(\.totalEfficiency),
      efficiencyRange: [all.min() ?? 0, all.max() ?? 0], times: times,
      start: Dictionary(uniqueKeysWithValues: runs[0].start.map { ($0.name, $0.seconds) }))
  }

  func points(_ ranks: [Int]) -> [Point] {
    let workload = workload
    return ranks.map { point(workload, ranks: $0) }
  }
}

extension Design {
  static func withUnitsOnFirstRanks(_ statistic: StatisticKind, ranksPerNode: Int) -> Design {
    var design = current(statistic, ranksPerNode: ranksPerNode)
    design.measuresWhereRead = false
    return design
  }
}

/// One row of the study of failures.
struct FailurePoint: Codable {
  var nodeLifeHours: Double
  var intervalSeconds: Double
  var costSeconds: Double
  var hours: Double
  var standardErrorHours: Double
  var failures: Double
  /// Lost work ÷ all work.
  var lost: Double
  var dalyHours: Double
}
