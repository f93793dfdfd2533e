import Checkpoints
import Datasets
import Diagnostics
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Merging
import MessagePassing
import SystemPackage

/// A merge from recipe to output directory: plan, estimate model after model, merge, write.
///
/// The only place where models, statistics and ranks meet.
package struct MergeRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  let shardBytes: Int

  package init(session: Session, recipe: FilePath, output: FilePath, shardBytes: Int = ShardedWriter.defaultShardBytes)
  {
    self.session = session
    self.recipe = recipe
    self.output = output
    self.shardBytes = shardBytes
  }

  /// Runs the merge on all ranks; the root writes.
  ///
  /// - Returns: the manifest on the root, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> JSON? {
    var clock = PhaseClock()
    var prepared = try session.communicator.agreeOnRoot { () -> (Recipe, Planner) in
      try AtomicDirectory.check(output)
      let recipe = try Recipe(path: recipe)
      return (recipe, try Planner(recipe, console: session.console))
    }
    let plan = try SharedPlan.share(prepared?.1.plan, session.communicator)
    if let (recipe, planner) = prepared { announce(recipe, planner.plan) }
    clock.end("plan")

    let merge = prepared.map { MergedParameters(planner: $0.1) }
    // Gram matrices of many models would not fit into memory: they go into files, which all ranks map that solve with them.
    let store = try session.communicator.agreeOnRoot {
      plan.method == .regMean ? try AtomicDirectory(FilePath(output.string + ".statistics")) : nil
    }
    var outcomes: [EstimationSummary?] = []
    var statistics: [[FilePath]] = []
    for (index, planned) in plan.models.enumerated() where !plan.statistics.isEmpty {
      if let given = planned.statistics {
        let files = given.files.map { FilePath($0) }
        try session.communicator.agreeOnRoot {
          if plan.method != .regMean { try merge?.fold(try StatisticsFile.open(files), model: index) }
        }
        statistics.append(files)
        outcomes.append(nil)
        continue
      }
      let source = prepared?.1.sources[index]
      let model = try session.communicator.agree {
        try source?.model ?? SharedPlan.open(planned)
      }
      let estimation = ModelEstimation(session: session, plan: plan, planned: planned)
      let outcome = try estimation.run(model, examples: source?.examples)
      let file = try session.communicator.agreeOnRoot { () -> FilePath? in
        guard let temporary = store??.temporary, let hashes = source?.hashes else {
          try merge?.fold(EstimatedStatistics(outcome), model: index)
          return nil
        }
        let file = temporary.appending("\(planned.name).safetensors")
        try StatisticsFile.write(outcome, plan: plan, model: index, hashes: hashes, type: .float64, to: file)
        return file
      }
      let name = try session.communicator.broadcast(Array((file ?? nil)?.string.utf8 ?? "".utf8))
      statistics.append([FilePath(String(decoding: name, as: UTF8.self))])
      prepared?.1.releaseExamples(of: index)
      outcomes.append(EstimationSummary(planned, outcome))
    }
    clock.end("estimate")
    if case .regMean(let rule) = plan.rule {
      // Not in one expression: where `merge` is nil the right-hand side of an optional chain is not evaluated.
      let solution = try solve(plan, rule, statistics, sources: prepared?.1.sources.map(\.model))
      merge?.solution = solution
      clock.end("solve")
    }
    withExtendedLifetime(store) {}

    let peaks = try session.communicator.gather(Int64(ProcessMemory.peakResidentBytes))
    let manifest = try session.communicator.agreeOnRoot { () -> JSON? in
      guard let (recipe, planner) = prepared, let merge else { return nil }
      let writer = MergeWriter(
        session: session, recipe: recipe, planner: planner, output: output, shardBytes: shardBytes)
      let manifest = try writer.write(merge, estimations: outcomes, clock: &clock, peaks: peaks ?? [])
      report(outcomes, merge: merge, clock: clock)
      return manifest
    }
    return manifest ?? nil
  }

  /// RegMean's linear layers, from the statistics in files, on all ranks. Gives the solution on the root. **Collective.**
  private func solve(
    _ plan: Plan, _ rule: RegMeanRule, _ statistics: [[FilePath]], sources: [StoredModel]?
  ) throws -> RegMeanSolution? {
    let models = try session.communicator.agree { try sources ?? plan.models.map { try SharedPlan.open($0) } }
    // Another host may not see the root's files; only the root has to.
    let readers = Result { try statistics.map { try StatisticsFile.open($0) } }
    let merge = try session.communicator.agree {
      session.isRoot || (try? readers.get()) != nil
        ? RegMeanMerge(
          rule: rule, coefficients: try Coefficients(plan.models.map(\.weight), models: plan.models.map(\.name)),
          models: models, statistics: try readers.get()) : nil
    }
    let parameters = models[0].parameters.filter { !$0.component.isHead }
    return try RegMeanSolves(
      session: session, systems: LinearSystem.all(of: parameters, models[0].configuration, rule: rule), merge: merge
    ).run()
  }

  private func announce(_ recipe: Recipe, _ plan: Plan) {
    if let compatibility = plan.compatibility { session.console.warn(compatibility.notice) }
    session.console.note("\(recipe.method.rawValue): \(describe(plan))")
    for model in plan.models {
      if model.weight == 0 {
        session.console.warn("\(model.name) has weight 0: its encoder does not influence the merge")
      }
      guard let data = model.data else { continue }
      let truncated = data.truncated > 0 ? ", \(data.truncated) of them truncated" : ""
      session.console.note(
        "\(model.name): \(data.examples) of \(data.rows) examples in \(data.blocks) blocks, \(data.tokens) tokens\(truncated)"
      )
    }
  }

  private func report(_ outcomes: [EstimationSummary?], merge: MergedParameters, clock: PhaseClock) {
    var table = Table(["model", "weight", "examples", "tokens", "seconds", "examples/s", merge.magnitudeName])
    for (index, model) in merge.plan.models.enumerated() {
      let outcome = outcomes.indices.contains(index) ? outcomes[index] : nil
      table.add([
        model.name, significant(model.weight),
        (outcome?.examples ?? model.statistics?.examples).map { "\($0)" } ?? "–",
        (model.data?.tokens ?? model.statistics?.tokens).map { "\($0)" } ?? "–",
        outcome.map { significant($0.seconds) } ?? "–",
        outcome.map { significant(Double($0.examples * $0.passes) / max($0.seconds, 1e-9)) } ?? "–",
        merge.magnitude(of: index).map(significant) ?? "–",
      ])
    }
    session.console.result(table.text)
    if let reports = merge.solution?.reports { report(reports) }
    if merge.plainEntries > 0 {
      session.console.note("\(merge.plainEntries) weights had no statistic in any model and are the plain average")
    }
    session.console.result(
      "wrote \(output)/ with backbone/ and \(merge.plan.models.map { "\($0.name)/" }.joined(separator: ", ")) in "
        + duration(clock.total))
  }
}

extension MergeRun {
  /// How well RegMean's systems could be solved.
  private func report(_ reports: [RegMeanReport]) {
    if let worst = reports.max(by: { $0.condition < $1.condition }) {
      session.console.note(
        "\(reports.count) systems solved; the largest condition number is about \(significant(worst.condition)) "
          + "(\(worst.tensors[0]))")
    }
    for report in reports {
      guard let ridge = report.ridge else { continue }
      session.console.warn(
        "\(report.tensors.joined(separator: ", ")): the Gram matrices are singular; \(significant(ridge)) of the mean "
          + "diagonal was added. More examples, or a smaller off_diagonal, make this unnecessary")
    }
    let dead = reports.reduce(0) { $0 + $1.deadInputs }
    if dead > 0 { session.console.note("\(dead) inputs are zero in all data; their weights are the plain average") }
  }
}

/// The settings of a plan in words, for the output, the manifest and the model cards.
func describe(_ plan: Plan) -> String {
  let setting =
    plan.preset.map { " (preset \($0.rawValue), \($0.source), as published unless changed)" }
    ?? plan.compatibility.map { ", \($0.description)" } ?? ""
  let expectation =
    plan.statistics.isEmpty ? "" : ", expectation \(plan.sampling.expectation.name), seed \(plan.sampling.seed)"
  switch plan.rule {
  case .linear: return "average weighted by the coefficients"
  case .fisher(let rule):
    let only = rule.floorOnly.map { " for \(plan.models[$0].name) only" } ?? ""
    return "floor \(significant(rule.floor))\(only), normalize \(rule.normalize.rawValue)"
      + (rule.normalize == .none ? "" : ", floor_order \(rule.floorOrder.rawValue)") + expectation + setting
  case .regMean(let rule):
    return
      "off_diagonal \(significant(rule.offDiagonal)), weighting \(rule.weighting.rawValue), bias \(rule.bias.rawValue), "
      + "pooler \(rule.pooler.rawValue)" + setting
  case .maskFisher(let rule):
    return "rule \(rule.rule.rawValue), normalize \(rule.normalize.rawValue)" + expectation + setting
  }
}

/// What the estimation of one model came to.
struct EstimationSummary {
  let name: String
  let examples: Int
  let seconds: Double
  let passes: Int

  init(_ planned: PlannedModel, _ outcome: ModelEstimation.Outcome) {
    (name, examples, seconds, passes) = (planned.name, outcome.examples, outcome.seconds, outcome.passes)
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
