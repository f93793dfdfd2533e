import Checkpoints
import Estimation
import Foundation
import Planning
import Recipes
import Reporting
import Scoring
import Sessions
import SystemPackage
import Terminal

/// What a comparison found, as JSON, as Markdown and as a page. On the root; not collective.
struct ComparisonResults {
  let session: Session
  let recipe: Recipe
  let plan: Plan
  let outcomes: [ComparisonWorkshop.Outcome]
  /// The source models alone.
  let single: [TaskScore?]
  /// The seconds of each statistic, by model.
  let costs: [StatisticKind: [Double]]
  let clock: PhaseClock
  let trials: Int
  /// Of the searches.
  let seed: UInt64
  /// What others reach on the same tasks.
  let others: [OtherResult]

  private var names: [String] { plan.models.map(\.name) }
  private var methods: [String] { ComparisonMethod.all.map(\.name) }
  private var whole: [Int] { Array(plan.models.indices) }
  private var pairs: [[Int]] { ComparisonRun.subsets(plan.models.count).filter { $0.count == 2 } }

  private func outcome(_ models: [Int], _ method: String) -> ComparisonWorkshop.Outcome? {
    outcomes.first { $0.models == models && $0.method == method }
  }

  /// Writes `results.json`, `results.md` and `report.html`.
  ///
  /// - Returns: what is in `results.json`.
  func write(to output: FilePath) throws -> JSON {
    let directory = try AtomicDirectory(output)
    let (text, json) = (markdown, try record())
    let pictures = quality.svg.map { [("quality.svg", $0)] } ?? []
    for (name, content) in [
      ("results.md", text), ("report.html", try report().html), ("results.json", json.serialized() + "\n"),
    ] + pictures {
      let file = try OutputFile(path: directory.temporary.appending(name))
      try file.write(content)
      try file.close()
    }
    try directory.commit()
    session.console.result(text)
    session.console.result("wrote \(output)/ with results.md, results.json and report.html in \(duration(clock.total))")
    return json
  }

  private func record() throws -> JSON {
    func numbers(_ values: [Double?]) -> JSON { .array(values.map { $0.map { .number($0) } ?? .null }) }
    let merges: [JSON] = outcomes.map { outcome in
      var members: [JSON.Member] = [
        .init(key: "models", value: .array(outcome.models.map { .string(names[$0]) })),
        .init(key: "method", value: .string(outcome.method)), .init(key: "scores", value: numbers(outcome.scores)),
        .init(key: "merge_seconds", value: .number(outcome.mergeSeconds)),
        .init(key: "processor_seconds", value: .number(processorSeconds(outcome))),
      ]
      if let resolved = outcome.resolved {
        members.append(.init(key: "resolved_scores", value: numbers(resolved)))
      }
      if let search = outcome.search {
        members.append(
          .init(
            key: "search",
            value: [
              "coefficients": .array(search.coefficients.map { .number($0) }), "scores": numbers(search.scores),
              "validation": .number(search.validation), "seconds": .number(search.seconds),
            ]))
      }
      return .object(members)
    }
    let models: [JSON] = plan.models.enumerated().map { index, model in
      [
        "name": .string(model.name), "model": .string(model.reference),
        "metric": (single[index]?.scores.first?.metric.rawValue).map { .string($0) } ?? .null,
        "single": (single[index]?.scores.first?.value).map { .number($0) } ?? .null,
        "examples": .integer(model.data?.examples ?? 0), "tokens": .integer(model.data?.tokens ?? 0),
        "validation_examples": .integer(model.validation?.examples ?? 0),
        "test_examples": .integer(model.test?.examples ?? 0),
        "seconds": .object(
          ComparisonRun.kinds.map { .init(key: $0.name, value: .number(costs[$0]?[index] ?? 0)) }),
      ]
    }
    return [
      "fishermerge": .string(Version.current), "command": .string(session.command), "recipe": .string(recipe.text),
      "seed": .integer(Int(plan.sampling.seed)), "trials": .integer(trials),
      "search_seed": .string("\(seed)"), "plan_sha256": .string(try plan.hash()),
      "ranks": .integer(session.places.count),
      "models": .array(models), "merges": .array(merges), "others": .array(others.map(\.json)),
    ]
  }

  // MARK: Markdown

  private func percent(_ value: Double?) -> String { value.map { String(format: "%.1f", 100 * $0) } ?? "undefined" }

  private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }

  private func heading(_ cells: [String]) -> String { row(cells) + row(cells.map { _ in "---" }) }

  private var markdown: String {
    var text = "Scores in %, on the test files. \(single.count) models; statistics from "
    text +=
      plan.models.map { "\($0.data?.examples ?? 0)" }.joined(separator: ", ") + " examples, seed \(plan.sampling.seed)"
    text += trials > 0 ? "; searches of \(trials) trials on the validation files.\n\n" : ".\n\n"
    text += "**All \(names.count) tasks in one model**\n\n" + heading(["method", "mean"] + names)
    text += row(["single models", percent(ScoreColumn.mean(single))] + single.map { percent($0?.scores.first?.value) })
    for method in methods {
      guard let outcome = outcome(whole, method) else { continue }
      text += row([method, percent(outcome.mean)] + outcome.scores.map(percent))
      if let resolved = outcome.resolved {
        text += row(
          ["… heads solved anew", percent(ComparisonWorkshop.Outcome.mean(resolved))] + resolved.map(percent))
      }
      guard let search = outcome.search else { continue }
      text += row(["… λ searched", percent(search.mean)] + search.scores.map(percent))
    }
    for other in others {
      text += row([other.name, percent(other.mean)] + other.scores.map(percent))
    }
    if names.count > 2 { text += "\n" + pairTable }
    return text + "\n" + costTable
  }

  /// Each method's mean score over all pairs, against the plain average.
  private var pairTable: String {
    var text = "**All \(pairs.count) pairs**: the mean of both tasks, and the gain over the plain average\n\n"
    text += heading(
      ["method", "mean", "gain", "better in", "λ searched", "gain"] + pairs.map { "\(names[$0[0]]) + \(names[$0[1]])" })
    let plain = pairs.map { outcome($0, methods[0])?.mean }
    for method in methods {
      let found = pairs.map { outcome($0, method) }
      let means = found.map { $0?.mean }
      let searched = found.map { $0?.search?.mean }
      text += row(
        [
          method, mean(means), gain(means, plain), "\(zip(means, plain).count { ($0 ?? 0) > ($1 ?? 0) })",
          mean(searched), gain(searched, plain),
        ] + means.map(percent))
      let resolved = found.map { $0?.resolved.map(ComparisonWorkshop.Outcome.mean) }
      guard resolved.contains(where: { $0 != nil }) else { continue }
      text += row(
        [
          "… heads solved anew", mean(resolved), gain(resolved, plain),
          "\(zip(resolved, plain).count { ($0 ?? 0) > ($1 ?? 0) })", "–", "–",
        ] + resolved.map(percent))
    }
    return text
  }

  private func mean(_ values: [Double?]) -> String { ScoreColumn.mean(of: values).map { percent($0) } ?? "–" }

  private func gain(_ values: [Double?], _ plain: [Double?]) -> String {
    guard let value = ScoreColumn.mean(of: values), let base = ScoreColumn.mean(of: plain) else { return "–" }
    return String(format: "%+.1f", 100 * (value - base))
  }

  private var costTable: String {
    var text =
      "**Seconds** on \(session.places.count) rank\(session.places.count == 1 ? "" : "s"): statistics of each model\n\n"
    text += heading(["statistic"] + names)
    for kind in ComparisonRun.kinds {
      text += row([kind.name] + (costs[kind] ?? []).map { String(format: "%.2f", $0) })
    }
    text += "\nOne merge of all models, statistics being there; and one search, on one rank\n\n"
    text += heading(["method", "merge", "search", "all processors, statistics included"])
    for method in methods {
      guard let outcome = outcome(whole, method) else { continue }
      text += row([
        method, String(format: "%.2f", outcome.mergeSeconds),
        outcome.search.map { String(format: "%.1f", $0.seconds) } ?? "–",
        String(format: "%.2f", processorSeconds(outcome)),
      ])
    }
    for other in others { text += row([other.name, "–", "–", String(format: "%.2f", other.seconds)]) }
    return text
  }

  /// Of all ranks, from the data to the merged model in memory: the statistics that the method needs, and the merge,
  /// which all ranks work on where layers are merged in forward order.
  private func processorSeconds(_ outcome: ComparisonWorkshop.Outcome) -> Double {
    guard let method = ComparisonMethod.all.first(where: { $0.name == outcome.method }) else { return 0 }
    let statistics = outcome.models.reduce(0.0) { sum, model in
      sum + method.statistics.reduce(0) { $0 + (costs[$1]?[model] ?? 0) }
    }
    return statistics + outcome.mergeSeconds * Double(method.declaration.isLayerwise ? session.places.count : 1)
  }

  /// All methods on all models, and what others reach.
  private var quality: Report.Quality {
    let own = ComparisonMethod.all.compactMap { method -> Report.Quality.Method? in
      guard let outcome = outcome(whole, method.name) else { return nil }
      let kind =
        method.declaration.isLayerwise ? 3 : method.statistics.isEmpty ? 0 : method.statistics[0] == .gram ? 2 : 1
      return .init(method.name, seconds: processorSeconds(outcome), score: outcome.mean, kind: kind)
    }
    return Report.Quality(
      methods: own
        + others.map { .init($0.name, seconds: $0.seconds, score: $0.mean, kind: 4) },
      single: ScoreColumn.mean(single),
      caption: "All tasks in one model, equal coefficients; the mean of the tasks' main scores on the test files.")
  }

  // MARK: Report

  private func report() throws -> Report {
    var report = Report(
      title: "Every method on \(names.joined(separator: ", "))", method: "comparison",
      settings: [.init("statistics", "expectation \(plan.sampling.expectation.name), seed \(plan.sampling.seed)")],
      date: ISO8601DateFormatter().string(from: Date()),
      keyFigures: Report.KeyFigures(
        models: names.count, examples: plan.models.reduce(0) { $0 + ($1.data?.examples ?? 0) }, seconds: clock.total))
    let columns = methods.compactMap { method in outcome(whole, method).map { (method, $0) } }
    report.accuracy = Report.Accuracy(
      columns: [.init("single model", .single)]
        + columns.map { .init($0.0, $0.0 == methods[0] ? .average : .merged) },
      rows: names.indices.map { index in
        Report.Accuracy.Row(
          task: names[index], metric: single[index]?.scores.first?.metric.rawValue ?? "",
          scores: [single[index]?.scores.first.map { .init($0.value) }]
            + columns.map { .init($0.1.scores[index]) })
      }, caption: "All tasks in one model, equal coefficients, on the test files.")
    report.quality = quality
    report.resources = Report.Resources(
      phases: clock.phases.map { .init($0.name, seconds: $0.seconds) }, ranks: [], caption: "")
    report.provenance = Report.Provenance(
      recipe: recipe.text, command: session.command, planHash: try plan.hash(),
      program: "fishermerge \(Version.current)", inputs: [])
    return report
  }
}
