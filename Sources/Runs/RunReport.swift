import Datasets
import Foundation
import Metrics
import Planning
import Recipes
import Reporting
import Scoring
import Sessions
import Terminal

/// `report.html` of a run: what the facts say, as pictures. On the root; not collective.
struct RunReport {
  let html: String

  init(session: Session, recipe: Recipe, plan: Plan, facts: MergeFacts) throws {
    var report = Report(
      title: "\(plan.models.map(\.name).joined(separator: " + "))", method: recipe.method.name,
      settings: [.init("settings", plan.text)]
        + plan.models.map { .init("λ of \($0.name)", significant($0.weight)) }
        + plan.models.flatMap { model in
          [model.data, model.validation, model.test].compactMap { $0?.skippedText }
            .map { .init("left out for \(model.name)", $0) }
        },
      date: ISO8601DateFormatter().string(from: Date()),
      keyFigures: Report.KeyFigures(
        models: plan.models.count,
        examples: plan.models.indices.reduce(0) { sum, index in
          sum + (facts.estimation(of: index)?.examples ?? plan.models[index].statistics?.examples ?? 0)
        }, seconds: facts.clock.total))
    report.accuracy = Self.accuracy(facts.tests, plan)
    report.search = facts.search.map(Self.search)
    try facts.model.merge.illustrate(&report, tasks: plan.names)
    report.disagreement = facts.disagreement.section
    let reports = facts.reports
    if !reports.isEmpty {
      report.solves = Report.Solves(
        reports.map {
          Report.Solves.Solve(
            tensor: $0.tensors.joined(separator: ", "), condition: $0.condition, ridge: $0.ridge)
        }, caption: "Condition numbers are estimates in the 1-norm; a ridge is relative to the mean diagonal.")
    }
    report.resources = Report.Resources(
      phases: facts.clock.phases.map { .init($0.name, seconds: $0.seconds) },
      ranks: zip(session.places, facts.peaks).map { .init(host: $0.host, peakBytes: Int($1)) },
      caption: "Peak memory is what was resident, mapped files included.")
    report.provenance = Report.Provenance(
      recipe: recipe.text, command: session.command, planHash: try plan.hash(),
      program: "fishermerge \(Version.current)",
      inputs: zip(plan.models, facts.hashes).flatMap { model, hashes in
        hashes.files.map { .init("\(model.reference)/\($0.name)", hash: $0.sha256) }
          + (hashes.data.map { [.init(model.data?.file ?? "", hash: $0)] } ?? [])
      })
    html = report.html
  }

  /// Scores on the recipe's test files.
  private static func accuracy(_ tests: [ScoreColumn], _ plan: Plan) -> Report.Accuracy? {
    guard !tests.isEmpty else { return nil }
    let columns = tests.map { column in
      switch column.kind {
      case .single: Report.Accuracy.Column("single model", .single)
      case .uniform: Report.Accuracy.Column("plain average", .average)
      case .merged: Report.Accuracy.Column("merged", .merged)
      case .resolved: Report.Accuracy.Column("merged, heads solved anew", .merged)
      }
    }
    let rows = plan.models.indices.flatMap { index -> [Report.Accuracy.Row] in
      (tests[0].tasks[index]?.scores ?? []).indices.map { metric in
        let scores = tests.map { $0.tasks[index]?.scores[metric] }
        return Report.Accuracy.Row(
          task: plan.models[index].name, metric: scores[0]?.metric.rawValue ?? "",
          scores: scores.map { score in
            score.map { .init($0.value, standardError: $0.standardError) }
          })
      }
    }
    return Report.Accuracy(columns: columns, rows: rows, caption: "On the recipe's test files, with standard errors.")
  }

  private static func search(_ found: SearchResult) -> Report.CoefficientSearch {
    Report.CoefficientSearch(
      tasks: found.models,
      settings: found.settings.map { .init($0.combination.text, scores: $0.scores.values.map { $0 ?? .nan }) },
      selectedSetting: found.settings.isEmpty ? nil : found.bestSettings,
      trials: zip(found.coefficients, found.scores).map { .init(lambdas: $0, scores: $1.map { $0 ?? .nan }) },
      selected: found.best,
      caption: "Scores on the recipe's validation files; the test files were not looked at.")
  }
}
