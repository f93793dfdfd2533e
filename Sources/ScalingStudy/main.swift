// Evaluates the model of docs/scaling.md and writes its tables and figures:
//
//   swift run -c release ScalingStudy docs/scaling
//
// Takes a few minutes on one core. The same numbers come out on every run: all randomness is seeded.

import Foundation
import ScalingModel
import Scheduling

let directory = CommandLine.arguments.dropFirst().first ?? "docs/scaling"
let allRanks = (3...12).map { 1 << $0 }

func save(_ text: String, _ name: String) throws {
  try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
  print("wrote \(name)")
}

/// One row a line. Numbers with four digits are enough, and make differences readable.
func save(_ values: [some Encodable], _ name: String) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  let rows = try values.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
  let text = "[\n" + rows.joined(separator: ",\n") + "\n]"
  let number = /-?[0-9]+\.[0-9]+(?:e-?[0-9]+)?/
  try save(text.replacing(number) { match in String(format: "%.4g", Double(match.output) ?? 0) } + "\n", name)
}

let efficiencyTicks = stride(from: 0, through: 1.0, by: 0.2).map { ($0, String(format: "%.1f", $0)) }
let rankTicks = allRanks.map { (Double($0), "\($0)") }

func chart(_ title: String, _ curves: [CurveChart.Curve]) -> String {
  CurveChart(
    title: title, xTitle: "ranks", yTitle: "parallel efficiency", curves: curves, xTicks: rankTicks,
    yTicks: efficiencyTicks, goal: 0.9
  ).figure.svg(label: title)
}

func curve(
  _ name: String, _ points: [Point], color: Int, isDashed: Bool = false, _ value: (Point) -> Double = \.efficiency
) -> CurveChart.Curve {
  .init(name: name, points: points.map { (Double($0.ranks), value($0)) }, color: color, isDashed: isDashed)
}

var points: [Point] = []

// Strong scaling: 100 tasks, both models, all statistics.
for (model, file) in [(EncoderShape.base, "base"), (.large, "large")] {
  for texts in ["sentences", "passages"] {
    var curves: [CurveChart.Curve] = []
    for (color, statistic) in StatisticKind.allCases.enumerated() {
      for (design, isDashed) in [("current", false), ("first", true)] {
        var setting = Setting(study: "strong", design: design)
        (setting.shape, setting.statistic, setting.texts) = (model, statistic, texts)
        if texts == "passages" { setting.seeds = 1 }
        let found = setting.points(allRanks)
        points += found
        curves.append(
          curve(statistic.rawValue + (isDashed ? ", at first" : ""), found, color: color, isDashed: isDashed))
      }
    }
    try save(
      chart("\(model.name), 100 tasks × 4096 \(texts), start included", curves), "strong-\(file)-\(texts).svg")
  }
}

// The number of tasks.
for (statistic, file) in [(StatisticKind.maskFisher, "mask"), (.fisher, "full")] {
  var curves: [CurveChart.Curve] = []
  for (color, tasks) in [1, 4, 16, 100].enumerated() {
    var setting = Setting(study: "tasks")
    (setting.statistic, setting.tasks) = (statistic, tasks)
    let found = setting.points(allRanks)
    points += found
    curves.append(curve("\(tasks) task\(tasks > 1 ? "s" : "")", found, color: color))
    curves.append(curve("without the start", found, color: color, isDashed: true, \.scheduleEfficiency))
  }
  try save(chart("BERT-base, \(statistic.rawValue), 4096 sentences a task", curves), "tasks-\(file).svg")
}

// Weak scaling: one task for every 8 ranks.
var weak: [CurveChart.Curve] = []
for (color, statistic) in StatisticKind.allCases.enumerated() {
  let found = allRanks.map { ranks -> Point in
    var setting = Setting(study: "weak")
    (setting.statistic, setting.tasks, setting.seeds) = (statistic, ranks / 8, 1)
    return setting.point(setting.workload, ranks: ranks)
  }
  points += found
  weak.append(curve(statistic.rawValue, found, color: color))
  weak.append(curve("without the start", found, color: color, isDashed: true, \.scheduleEfficiency))
}
try save(chart("BERT-base, a task of 4096 sentences for every 8 ranks", weak), "weak.svg")

// Node sizes, file systems, slow nodes, and what could still be done, at 1024 ranks.
for statistic in StatisticKind.allCases {
  for ranksPerNode in [8, 16, 32, 64, 128] {
    for platform in [Platform.typical, .modest] {
      for design in ["first", "units on the first ranks", "current", "possible"] {
        var setting = Setting(study: "nodes", design: design, platform: platform)
        (setting.statistic, setting.platform.ranksPerNode) = (statistic, ranksPerNode)
        points += setting.points([1024])
      }
    }
  }
  let conditions = [
    ("equal nodes", 0.0, 0.0), ("nodes differ by 5 %", 0.05, 0), ("one node in 16 is slow", 0.02, 1 / 16.0),
  ]
  for (name, spread, slow) in conditions {
    for design in ["current", "possible"] {
      var setting = Setting(study: name, design: design)
      (setting.statistic, setting.platform.nodeSpread, setting.platform.slowNodes) = (statistic, spread, slow)
      setting.seeds = 8
      points += setting.points([1024])
    }
  }
}

// The number of slots, and single changes.
for statistic in StatisticKind.allCases {
  for ranksPerNode in [8, 64, 128] {
    for slots in 1...4 {
      var setting = Setting(study: "\(slots) slots")
      (setting.statistic, setting.platform.ranksPerNode) = (statistic, ranksPerNode)
      setting.change = { $0.slots = slots }
      points += setting.points([1024])
    }
  }
  let changes: [(name: String, change: (inout Design) -> Void)] = [
    ("nothing", { _ in }), ("knows speeds", { $0.knowsSpeeds = true }), ("reads ahead", { $0.readsAhead = true }),
    ("delivers in one pass", { $0.deliversInOnePass = true }), ("spreads measuring", { $0.spreadsMeasuring = true }),
  ]
  for platform in [Platform.typical, .modest] {
    for (name, change) in changes {
      var setting = Setting(study: "change: " + name, platform: platform)
      (setting.statistic, setting.seeds, setting.change) = (statistic, 8, change)
      points += setting.points([1024])
    }
  }
}

// Where the time goes.
let startParts = ["launch", "reading and hashing", "tokenising", "dividing", "measuring units"]
let rows = StatisticKind.allCases.flatMap { statistic in
  ["first", "current", "possible"].compactMap { design -> (name: String, values: [Double])? in
    guard
      let point = points.first(where: {
        $0.study == "nodes" && $0.statistic == statistic && $0.design == design && $0.platform == "typical"
          && $0.ranksPerNode == 64
      })
    else { return nil }
    let inputs = startParts[1...3].reduce(0) { $0 + point.start[$1, default: 0] }
    let times = point.times
    return (
      "\(statistic.rawValue), \(design)",
      [
        times.computing, point.start["launch", default: 0], inputs, point.start["measuring units", default: 0],
        times.reading, times.handingOver + times.writing + times.waiting, times.ending,
      ]
    )
  }
}
try save(
  PartsChart(
    title: "Where the time goes: 1024 ranks on 16 nodes, BERT-base, 100 tasks × 4096 sentences",
    xTitle: "seconds of the average rank",
    parts: [
      "blocks", "launch", "inputs, plan", "units", "reading weights", "hand-over, files, slots", "waiting for the end",
    ], rows: rows
  ).figure.svg(label: "Where the time goes at 1024 ranks"), "where.svg")
try save(points, "efficiency.json")

// Failures: hours of work on 16 nodes of 8 ranks.
let long = Workload(shape: .large, statistic: .fisher, tasks: 100, examples: 4096, texts: [.passages])
let speed = Platform.typical.speed[.fisher] ?? 1
let works = long.tasks.map { task in
  EstimationSchedule.Work(blocks: task.blocks.map { ($0.index, $0.work / speed) })
}
let (nodes, ranks) = (16, 8)
let hours = long.operations / speed / Double(nodes * ranks) / 3600
let block = long.operations / speed / Double(long.blocks)
// One accumulator, written at a node's rate and synchronised.
let cost = long.sumBytes / Platform.typical.nodeWrite + long.sumBytes / Platform.typical.conversion
var failurePoints: [FailurePoint] = []
var failureCurves: [CurveChart.Curve] = []
let intervals = [60.0, 120, 300, 600, 1200, 2400, 4800, 9600]
for (color, life) in [6.0, 24, 168].enumerated() {
  var found: [FailurePoint] = []
  for interval in intervals {
    // At a checkpoint ranks wait for each other, half a block on average.
    let daly = FailingRun.daly(
      work: hours, interval: interval / 3600, cost: (cost + block / 2) / 3600, jobLife: life / Double(nodes),
      restart: 120 / 3600.0)
    // Runs that hardly ever end tell nothing.
    guard daly < 3 * hours else { continue }
    let outcomes = (1...24).map { seed -> FailingRun.Outcome in
      var run = FailingRun()
      (run.interval, run.cost, run.nodeLife, run.seed) = (interval, cost, life * 3600, UInt64(seed))
      return run.play(works, nodes: nodes, ranks: ranks)
    }
    let totals = outcomes.map { $0.total / 3600 }
    let mean = totals.reduce(0, +) / 24
    let variance = totals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 23
    found.append(
      FailurePoint(
        nodeLifeHours: life, intervalSeconds: interval, costSeconds: cost, hours: mean,
        standardErrorHours: (variance / 24).squareRoot(),
        failures: Double(outcomes.reduce(0) { $0 + $1.failures }) / 24,
        lost: outcomes.reduce(0) { $0 + $1.lost } / 24 / (hours * 3600 * Double(nodes * ranks)),
        dalyHours: daly))
    print("node life \(life) h, interval \(interval) s: \(mean) h")
  }
  failurePoints += found
  let name = life < 48 ? "\(Int(life)) h" : "7 days"
  failureCurves.append(
    .init(name: "a node fails after \(name)", points: found.map { ($0.intervalSeconds, $0.hours) }, color: color))
  failureCurves.append(
    .init(
      name: "Daly's formula", points: found.map { ($0.intervalSeconds, $0.dalyHours) }, color: color, isDashed: true,
      marks: false))
}
try save(
  CurveChart(
    title: "BERT-large, full Fisher, 100 tasks × 4096 passages on 16 nodes of 8 ranks",
    xTitle: "seconds between checkpoints",
    yTitle: "hours to the end, on average; \(String(format: "%.1f", hours)) without interruptions",
    curves: failureCurves, xTicks: intervals.map { ($0, "\(Int($0))") },
    yTicks: stride(from: 6.0, through: 16, by: 2).map { ($0, "\(Int($0))") }
  ).figure.svg(label: "Time to the end by the interval between checkpoints"), "failures.svg")
try save(failurePoints, "failures.json")
