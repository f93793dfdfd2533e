import Checkpoints
import Merging
import Scoring
import TeamEstimation
import Terminal

/// What the root knows at the end of a run: what the manifest, the report and the closing table say.
struct MergeFacts {
  let model: MergedModel
  /// Of the heads that were solved anew.
  let heads: [SolveReport]
  let disagreement: MeasuredDisagreement
  let hashes: [InputHashes]
  /// Nil for a model whose statistics were given as files.
  let estimations: [EstimationSummary?]
  let clock: PhaseClock
  /// The peak memory of each rank, in bytes.
  let peaks: [Int64]
  /// Scores on the recipe's test files, if it names any.
  let tests: [ScoreColumn]
  let search: SearchResult?

  /// Of all systems that were solved.
  var reports: [SolveReport] { model.merge.reports + heads }

  /// One number for how large a model's statistic is, where the rule has one.
  func magnitude(of place: Int) -> Double? {
    model.magnitude?.values[place]
  }

  func estimation(of model: Int) -> EstimationSummary? {
    estimations.indices.contains(model) ? estimations[model] : nil
  }
}

extension MergeCompletion {
  /// The closing table and what the user should know, on the root.
  func conclude(_ facts: MergeFacts) {
    var heading = ["model", "weight", "examples", "tokens", "seconds", "examples/s"]
    let magnitude = facts.model.magnitude
    if let magnitude { heading.append(magnitude.name) }
    var table = Table(heading)
    for (index, model) in plan.models.enumerated() {
      let outcome = facts.estimation(of: index)
      let examples = outcome?.examples ?? model.statistics?.examples ?? model.data?.examples
      let tokens = model.data?.tokens ?? model.statistics?.tokens
      let rate = outcome.map { Double($0.examples * $0.passes) / max($0.seconds, 1e-9) }
      func count(_ number: Int?) -> String { number.map { "\($0)" } ?? "–" }
      func figure(_ number: Double?) -> String { number.map(significant) ?? "–" }
      var row = [
        model.name, significant(model.weight), count(examples), count(tokens), figure(outcome?.seconds), figure(rate),
      ]
      if let magnitude { row.append(significant(magnitude.values[index])) }
      table.add(row)
    }
    session.console.result(table.text)
    let merge = facts.model.merge
    if !facts.reports.isEmpty { conclude(facts.reports) }
    for note in merge.notes { session.console.warn(note) }
    if merge.plainEntries > 0 {
      session.console.note(
        "\(merge.plainEntries) weights had no statistic in any model and are the plain average")
    }
    if !facts.tests.isEmpty { session.console.result(scores(facts.tests)) }
    let names = plan.models.map { "\($0.name)/" }.joined(separator: ", ")
    session.console.result(
      "wrote \(run.output)/ with backbone/, \(names) and report.html in \(duration(facts.clock.total))")
  }

  /// How well linear systems could be solved.
  private func conclude(_ reports: [SolveReport]) {
    if let worst = reports.max(by: { $0.condition < $1.condition }) {
      session.console.note(
        "\(reports.count) systems solved; the largest condition number is about \(significant(worst.condition)) "
          + "(\(worst.tensors[0]))")
    }
    let iterations = reports.compactMap { report in report.iteration.map { (report.tensors[0], $0) } }
    if let worst = iterations.max(by: { $0.1.residual < $1.1.residual }) {
      let steps = iterations.map(\.1.steps)
      session.console.note(
        "at most \(steps.max() ?? 0) steps; the largest residual is \(significant(worst.1.residual)) of the first "
          + "(\(worst.0))")
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

  /// The main metric of each task, in percent, with the mean.
  private func scores(_ columns: [ScoreColumn]) -> String {
    var table = Table(["test files", "metric"] + columns.map(\.kind.rawValue))
    func text(_ value: Double?) -> String { value.map { significant(100 * $0) } ?? "undefined" }
    for (index, model) in plan.models.enumerated() {
      guard let metric = columns[0].tasks[index]?.scores.first?.metric else { continue }
      table.add([model.name, metric.rawValue] + columns.map { text($0.tasks[index]?.scores.first?.value) })
    }
    table.add(["mean", ""] + columns.map { $0.mean.map { significant(100 * $0) } ?? "–" })
    return table.text
  }
}
