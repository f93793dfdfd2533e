import Parameters
import Encoders
import Foundation
import Merging
import Reporting

/// `report.html` of a run: what the facts say, as pictures. On the root; not collective.
struct RunReport {
  let html: String

  init(session: Session, recipe: Recipe, planner: Planner, facts: MergeFacts) throws {
    let plan = planner.plan
    var report = Report(
      title: "\(plan.models.map(\.name).joined(separator: " + "))", method: plan.method.rawValue,
      settings: [.init("settings", describe(plan))]
        + plan.models.map { .init("λ of \($0.name)", significant($0.weight)) },
      date: ISO8601DateFormatter().string(from: Date()),
      keyFigures: Report.KeyFigures(
        models: plan.models.count,
        examples: plan.models.indices.reduce(0) { sum, index in
          sum + (facts.estimation(of: index)?.examples ?? plan.models[index].statistics?.examples ?? 0)
        }, seconds: facts.clock.total))
    report.accuracy = Self.accuracy(facts.tests, plan)
    report.search = facts.search.map(Self.search)
    try Self.addMasks(to: &report, facts, plan)
    report.tensorImportance = Self.tensorImportance(facts, plan)
    report.disagreement = facts.disagreement.section
    if let reports = facts.merge.solution?.reports {
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
      }
    }
    let rows = plan.models.indices.flatMap { index -> [Report.Accuracy.Row] in
      (tests[0].tasks[index]?.scores ?? []).indices.map { metric in
        let scores = tests.map { $0.tasks[index]?.scores[metric] }
        return Report.Accuracy.Row(
          task: plan.models[index].name, metric: scores[0]?.metric.rawValue ?? "",
          scores: scores.map { score in
            score.flatMap { score in
              score.value.map { Report.Accuracy.Score($0, standardError: score.standardError) }
            }
          })
      }
    }
    return Report.Accuracy(columns: columns, rows: rows, caption: "On the recipe's test files, with standard errors.")
  }

  private static func search(_ found: SearchResult) -> Report.CoefficientSearch {
    Report.CoefficientSearch(
      tasks: found.models,
      trials: zip(found.coefficients, found.scores).map { .init(lambdas: $0, scores: $1.map { $0 ?? .nan }) },
      selected: found.best,
      caption: "Scores on the recipe's validation files; the test files were not looked at.")
  }

  /// How important heads and neurons are to each task, and who decides about a head.
  private static func addMasks(to report: inout Report, _ facts: MergeFacts, _ plan: Plan) throws {
    guard case .maskFisher(let rule) = plan.rule else { return }
    let sums = facts.merge.measured.compactMap(\.masks)
    guard sums.count == plan.models.count else { return }
    let names = plan.models.map(\.name)
    let means = sums.map(MaskFisherMeans.init)
    report.headImportance = Report.HeadImportance(
      tasks: zip(names, means).map { Report.HeadGrid($0, $1.head) },
      caption: "The Fisher information of each attention head's mask, the mean of one example.")
    report.neuronImportance = Report.NeuronImportance(
      tasks: zip(names, means).map { name, means in
        .init(name, quantiles: means.neuron.map { quantiles($0) })
      }, caption: "The Fisher information of the feed-forward neurons' masks, by layer.")
    let weights = try MaskFisherWeights(sums, rule: rule, coefficients: facts.merge.coefficients)
    let shares = try (0..<sums[0].layers).map {
      try weights.weights(at: ParameterRole(.attention(layer: $0), .rows(.heads, isScaled: false)))
    }
    report.mergeWeights = Report.MergeWeights(
      tasks: names.indices.map { model in
        Report.HeadGrid(
          names[model],
          shares.map { site in site.values[model].indices.map { site.values[model][$0] / site.sums[$0] } })
      }, caption: "The share of each task in the merged query and key weights of a head, coefficients included.")
  }

  /// Nine quantiles of some values.
  private static func quantiles(_ values: [Double]) -> [Double] {
    let sorted = values.sorted()
    return [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map { share in
      let place = share * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
  }

  /// The root mean square of the full Fisher over the tensors of each component.
  private static func tensorImportance(_ facts: MergeFacts, _ plan: Plan) -> Report.TensorImportance? {
    let magnitudes = facts.merge.measured.compactMap(\.magnitudes)
    guard magnitudes.count == plan.models.count, !magnitudes.isEmpty else { return nil }
    var components: [Component] = []
    for parameter in facts.merge.parameters where !components.contains(parameter.component) {
      components.append(parameter.component)
    }
    let families = components.map { component in
      let tensors = facts.merge.parameters.filter { $0.component == component && $0.kind == .weight }
      let count = Double(max(1, tensors.reduce(0) { $0 + $1.count }))
      return Report.TensorImportance.Family(
        "\(component)",
        magnitudes.map { magnitude in
          let squares = tensors.reduce(0.0) { sum, tensor in
            let norm = magnitude.norm(of: tensor.name) ?? 0
            return sum + norm * norm
          }
          return (squares / count).squareRoot()
        })
    }
    return Report.TensorImportance(
      tasks: plan.models.map(\.name), families: families, quantity: "root mean square of the Fisher information",
      caption: "By kind of weight, over all layers.")
  }
}
