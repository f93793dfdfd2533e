import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// A merge from recipe to output directory: plan, statistics, merge, write.
///
/// The only place where models, statistics and ranks meet.
package struct MergeRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  let shardBytes: Int
  let checkpoints: CheckpointSettings

  package init(
    session: Session, recipe: FilePath, output: FilePath, shardBytes: Int = ShardedWriter.defaultShardBytes,
    checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.session = session
    self.recipe = recipe
    self.output = output
    self.shardBytes = shardBytes
    self.checkpoints = checkpoints
  }

  /// Runs the merge on all ranks; the root writes.
  ///
  /// - Returns: the manifest on the root, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> JSON? {
    var clock = PhaseClock()
    let directory = CheckpointDirectory(checkpoints, output: output)
    var prepared = try session.plan {
      try AtomicDirectory.check(output)
      try directory.check(resumes: checkpoints.resumes)
      return try Recipe(path: recipe)
    }
    let plan = try SharedPlan.share(prepared?.planner.plan, session.communicator)
    if let prepared { session.announce(prepared.planner) }
    clock.end("plan")

    return try session.withCheckpoints(
      in: directory, for: output, resumes: checkpoints.resumes, isNeeded: plan.estimates
    ) {
      var statistics = StatisticsPhase.Result()
      if plan.needsStatistics {
        let phase = StatisticsPhase(session: session, plan: plan, settings: checkpoints, directory: directory)
        var planner = prepared?.planner
        statistics = try phase.run(&planner)
        if let planner { prepared?.planner = planner }
        clock.end("estimate")
      }
      let merge = try session.communicator.agreeOnRoot(in: "reading the statistics") {
        try prepared?.merge(plan, statistics.files)
      }
      return try MergeCompletion(
        session: session, plan: plan, output: output, shardBytes: shardBytes, statistics: statistics, search: nil
      ).run(prepared, merge ?? nil, &clock)
    }
  }
}

extension Plan {
  /// Whether models' statistics are needed as a whole. RegMean++ has its own, layer by layer.
  var needsStatistics: Bool { !statistics.isEmpty && method != .regMeanPlusPlus }
  /// Whether any of them is to be estimated.
  var estimates: Bool { needsStatistics && models.contains { $0.statistics == nil } }
}

/// What the root has opened.
struct PreparedMerge {
  let recipe: Recipe
  var planner: Planner

  /// A merge by the statistics in files, none for a method that needs none.
  func merge(_ plan: Plan, _ files: [[FilePath]]) throws -> MergedParameters {
    let sources = planner.sources.map(\.model)
    switch plan.rule {
    // RegMean reads its statistics where it solves.
    case .linear, .regMean: return try MergedParameters(plan: plan, sources: sources)
    case .fisher, .maskFisher:
      let readers = try zip(planner.sources, files).map { try $0.statistics ?? StatisticsFile.open($1) }
      return try MergedParameters(plan: plan, sources: sources, readers: readers)
    }
  }

  /// Refuses a choice of coefficients by the examples that only the report may see, whatever the file is called.
  func requireSeparateTests() throws(RunError) {
    let tests = Set(planner.plan.models.compactMap(\.test?.digest))
    for (model, planned) in zip(recipe.models, planner.plan.models) {
      guard let digest = planned.validation?.digest, tests.contains(digest) else { continue }
      throw .validationIsTest(recipe.path, line: model.line, model: model.name)
    }
  }
}

extension Session {
  /// Says what will be done, on the root.
  ///
  /// - Parameter searches: whether coefficients will be found, so that the recipe's are not looked at.
  func announce(_ planner: Planner, searches: Bool = false) {
    let plan = planner.plan
    if let compatibility = plan.compatibility { console.warn(compatibility.notice) }
    console.note("\(plan.method.rawValue): \(describe(plan))")
    for (model, source) in zip(plan.models, planner.sources) {
      if searches, model.weight != 1 {
        console.note("\(model.name): the weight \(significant(model.weight)) is not looked at; the search finds one")
      }
      if model.weight == 0, !searches {
        console.warn("\(model.name) has weight 0: its encoder does not influence the merge")
      }
      if plan.heads == .merge, MergedHeads.namesAreDefaults(source.model) {
        console.warn(
          "\(model.name) has no names for its labels but LABEL_0 and so on: check that the same number means the same")
      }
      if let data = model.data {
        let truncated = data.truncated > 0 ? ", \(data.truncated) of them truncated" : ""
        console.note(
          "\(model.name): \(data.examples) of \(data.rows) examples in \(data.blocks) blocks, \(data.tokens) tokens\(truncated)"
        )
      } else if let statistics = model.statistics {
        console.note(
          "\(model.name): statistics of \(statistics.examples) examples from \(statistics.files.joined(separator: ", "))"
        )
        for warning in statistics.warnings { console.warn("\(model.name): \(warning)") }
      }
    }
  }
}

/// The settings of a plan in words, for the output, the manifest and the model cards.
func describe(_ plan: Plan) -> String {
  let setting =
    plan.preset.map { " (preset \($0.rawValue), \($0.source), as published unless changed)" }
    ?? plan.compatibility.map { ", \($0.description)" } ?? ""
  let heads = plan.heads == .merge ? ", heads merged" : ""
  return describe(plan.rule, plan) + heads + setting
}

private func describe(_ rule: MergeRule, _ plan: Plan) -> String {
  let sampling = plan.sampling
  let isEstimated = plan.models.contains { $0.data != nil }
  let expectation = isEstimated ? ", expectation \(sampling.expectation.name), seed \(sampling.seed)" : ""
  switch rule {
  case .linear: return "average weighted by the coefficients"
  case .fisher(let rule):
    let only = rule.floorOnly.map { " for \(plan.models[$0].name) only" } ?? ""
    let order = rule.normalize == .none ? "" : ", floor_order \(rule.floorOrder.rawValue)"
    return "floor \(significant(rule.floor))\(only), normalize \(rule.normalize.rawValue)\(order)\(expectation)"
  case .maskFisher(let rule):
    return "rule \(rule.rule.rawValue), normalize \(rule.normalize.rawValue)\(expectation)"
  case .regMean(let rule):
    let seed = isEstimated && sampling.examples != nil ? ", seed \(sampling.seed)" : ""
    return "off_diagonal \(significant(rule.offDiagonal)), weighting \(rule.weighting.rawValue), "
      + "bias \(rule.bias.rawValue), pooler \(rule.pooler.rawValue)\(seed)"
  }
}

/// What the estimation of one model came to.
struct EstimationSummary {
  let name: String
  let examples: Int
  /// Of all ranks together.
  let seconds: Double
  let passes: Int

  init(_ planned: PlannedModel, _ delivery: TaskDelivery) {
    (name, examples, seconds, passes) = (planned.name, delivery.examples, delivery.seconds, delivery.passes)
  }
}

/// The seconds of each phase of a run.
struct PhaseClock {
  private(set) var phases: [(name: String, seconds: Double)] = []
  private var last = ContinuousClock.now

  mutating func end(_ phase: String) {
    let now = ContinuousClock.now
    phases.append((phase, (now - last).seconds))
    last = now
  }

  var total: Double { phases.reduce(0) { $0 + $1.seconds } }
}

/// What this process used.
package enum ProcessMemory {
  /// The most memory that was resident, mapped files included; 0 where the system does not tell.
  package static var peakResidentBytes: Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
    return 0
  }
}
