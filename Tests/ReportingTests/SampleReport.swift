import Foundation

@testable import Reporting

/// Numbers between 0 and 1 that look random and are the same in every run.
struct Sequence01 {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) / 9_007_199_254_740_992
  }
}

/// A report with every section, of `names.count` models with `layers` layers of `heads` heads.
func sampleReport(_ names: [String], layers: Int, heads: Int, seed: UInt64 = 7) -> Report {
  var random = Sequence01(seed)
  var report = Report(
    title: "\(names.joined(separator: ", ")) merged",
    method: "mask Fisher, structural weights, normalised per model",
    settings: [
      .init("expectation", "expected"), .init("examples per model", "2048"), .init("normalize", "model"),
      .init("λ", "searched on the validation files"), .init("floor", "1e-6"),
    ],
    date: "12 March 2026, 14:05",
    keyFigures: .init(models: names.count, examples: 2048 * names.count, seconds: 134.2))
  report.accuracy = sampleAccuracy(names, &random)
  let grids = names.map { name in
    Report.HeadGrid(
      name, (0..<layers).map { _ in (0..<heads).map { _ in exp(random.next() * 9 - 12) } })
  }
  report.headImportance = .init(tasks: grids, caption: "Mean square of the gradient at each head's mask, per example.")
  let weights = grids.map { grid in
    Report.HeadGrid(
      grid.name,
      (0..<layers).map { layer in
        (0..<heads).map { head in
          sqrt(grid.values[layer][head]) / grids.reduce(0) { $0 + sqrt($1.values[layer][head]) }
        }
      })
  }
  report.mergeWeights = .init(tasks: weights, caption: "The weight of each task's model in a head of the merged one.")
  report.neuronImportance = .init(
    tasks: names.map { name in
      .init(
        name,
        quantiles: (0..<layers).map { layer in
          let middle = exp(random.next() * 2 - 14 + Double(layer) * 0.3)
          return [1e-6, 0.01, 0.08, 0.4, 1, 2.4, 9, 40, 300].map { $0 * middle }
        })
    }, caption: "Mask Fisher of the intermediate neurons.")
  let components = ["query", "key", "value", "attention output", "intermediate", "output"]
  let groups = names.count > 3 ? ["all tasks"] : pairs(names)
  report.disagreement = .init(
    groups: groups,
    places: (0..<layers).flatMap { layer in
      components.map { component in
        .init(layer: "\(layer)", component: component, values: groups.map { _ in random.next() * 1.6 })
      }
    }, caption: "Distance between the models' weights, weighted by Fisher, relative to their spread; 0 is agreement.")
  report.tensorImportance = .init(
    tasks: names,
    families: (components + ["LayerNorm", "word embeddings", "pooler"]).map { family in
      .init(family, names.map { _ in exp(random.next() * 10 - 20) })
    }, quantity: "mean Fisher of an entry")
  report.solves = .init(
    (0..<layers).flatMap { layer in
      ["query", "attention.output", "intermediate", "output"].map { tensor in
        Report.Solves.Solve(
          tensor: "bert.encoder.layer.\(layer).\(tensor).weight", condition: exp(random.next() * 20),
          ridge: random.next() < 0.05 ? 1e-6 : nil)
      }
    })
  report.search = sampleSearch(names, &random)
  report.resources = .init(
    phases: [
      .init("open and check", seconds: 1.2), .init("statistics", seconds: 84.5), .init("reduce", seconds: 2.1),
      .init("search", seconds: 38.0), .init("merge", seconds: 4.9), .init("write", seconds: 3.5),
    ],
    ranks: (0..<4).map { .init(host: $0 < 2 ? "node01" : "node02", peakBytes: 1_600_000_000 + $0 * 90_000_000) })
  report.provenance = .init(
    recipe: "merge_method: mask_fisher\nmodels:\n"
      + names.map { "  - model: models/\($0)\n    data: data/\($0)/train.jsonl\n" }.joined(),
    command: "mpirun -np 4 fishermerge merge recipe.yaml --output merged",
    planHash: String(repeating: "9f3a", count: 16),
    program: "fishermerge 0.3.0",
    inputs: names.map { .init("models/\($0)/model.safetensors", hash: String(repeating: "51cc", count: 16)) })
  return report
}

/// A report with more of everything than has colours or space of its own.
func crowdedReport() -> Report {
  let names = ["mnli", "qqp", "qnli", "sst2", "stsb", "mrpc", "rte", "organisation/bert-base-uncased-finetuned-cola"]
  var report = sampleReport(names, layers: 6, heads: 12)
  let methods = [
    "single", "average", "Fisher", "Fisher, L2", "mask, paper", "mask, structural", "RegMean", "RegMean++",
  ]
  let columns = methods.enumerated().map { index, method in
    Report.Accuracy.Column(method, index == 0 ? .single : index == 1 ? .average : .merged)
  }
  // One task has two metrics.
  let rows = (names + [names[5]]).enumerated().map { index, name in
    let scores = methods.indices.map { column -> Report.Accuracy.Score? in
      let value = 90.0 - Double(3 * column) + Double(index)
      return .init(value / 100, standardError: 0.01)
    }
    return Report.Accuracy.Row(task: name, metric: index == names.count ? "F1" : "accuracy", scores: scores)
  }
  report.accuracy = .init(columns: columns, rows: rows)
  report.disagreement?.groups = pairs(names)
  let pairCount = pairs(names).count
  for place in 0..<(report.disagreement?.places.count ?? 0) {
    let values = (0..<pairCount).map { pair -> Double in Double(pair * place % 37) * 12.5 }
    report.disagreement?.places[place].values = values
  }
  var resources = Report.Resources()
  for phase in 0..<12 { resources.phases.append(.init("phase number \(phase)", seconds: Double(40 * phase * phase))) }
  for rank in 0..<96 {
    let bytes: Int = 3_000_000_000 - rank * 7_000_000
    resources.ranks.append(.init(host: "a-node-of-the-cluster-\(rank / 16).example", peakBytes: bytes))
  }
  report.resources = resources
  return report
}

private func pairs(_ names: [String]) -> [String] {
  names.indices.flatMap { a in names.indices.filter { $0 > a }.map { "\(names[a]) – \(names[$0])" } }
}

private func sampleAccuracy(_ names: [String], _ random: inout Sequence01) -> Report.Accuracy {
  let columns: [Report.Accuracy.Column] = [
    .init("single model", .single), .init("uniform average", .average), .init("mask Fisher", .merged),
    .init("mask Fisher, λ searched", .merged), .init("majority", .other),
  ]
  let offsets = [0.88, 0.68, 0.76, 0.81, 0.55]
  return .init(
    columns: columns,
    rows: names.enumerated().map { index, name in
      .init(
        task: name, metric: index == 0 ? "Matthews" : "accuracy",
        scores: offsets.map { .init($0 + random.next() * 0.08, standardError: 0.008 + random.next() * 0.01) })
    }, caption: "2000 test examples per task.")
}

private func sampleSearch(_ names: [String], _ random: inout Sequence01) -> Report.CoefficientSearch {
  let trials: [Report.CoefficientSearch.Trial]
  if names.count == 2 {
    trials = (0...50).map { index in
      let share = Double(index) / 50
      return .init(
        lambdas: [share, 1 - share],
        scores: [0.5 + 0.38 * share.squareRoot(), 0.55 + 0.33 * (1 - share * share)])
    }
  } else {
    trials = (0..<51).map { index in
      let draws = names.map { _ in index == 0 ? 1 : -log(random.next() + 1e-9) }
      let sum = draws.reduce(0, +)
      return .init(
        lambdas: draws, scores: draws.map { 0.55 + 0.3 * ($0 / sum).squareRoot() + 0.02 * random.next() })
    }
  }
  let best = trials.indices.max { (trials[$0].mean ?? 0) < (trials[$1].mean ?? 0) }
  return .init(tasks: names, trials: trials, selected: best, caption: "500 validation examples per task.")
}
