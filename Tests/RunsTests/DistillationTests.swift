import Datasets
import Encoders
import Estimation
import LinearAlgebra
import Parameters
import Planning
import StatisticsFiles
import TestSupport
import Testing

@testable import Merging
@testable import MessagePassing
@testable import ModelMerging
@testable import Runs

/// Distillation against its own definition: whole forward passes of the merged model and of the models show what every
/// layer was solved for, and the gradient of each layer's objective, in double by plain loops, must vanish there.
@Suite("Distillation in forward order")
struct DistillationTests {
  /// Two models of one base and their examples.
  private struct Problem {
    let models: [StoredModel]
    let examples: [TokenizedExamples]
    let coefficients: Coefficients
    let rule: DistillRule
    let statistics: [EstimatedStatistics]

    init(_ name: String, _ rule: DistillRule, in scratch: Scratch) throws {
      self.rule = rule
      models = try EditedModel.pair(name, in: scratch)
      examples = [try Reference.tokenized(name, 0..<9), try Reference.tokenized(name, 2..<7)]
      coefficients = try Coefficients([0.4, 1], models: ["a", "b"])
      statistics = try zip(models, examples).map { model, examples in
        let metric = OutputMetric<Float>(sites: model.layout.outputSites)
        let estimator = BlockEstimator(
          encoder: Encoder(weights: try model.singlePrecisionWeights()), statistics: [metric],
          expectation: .expected, seed: 0)
        let block = ExampleBlock(Array(0..<examples.count), of: examples)
        try estimator.measure([block], times: 1)
        try estimator.add(block)
        return EstimatedStatistics(
          [(.outputMetric, metric)], examples: examples.count, tokens: examples.tokenCount)
      }
    }

    /// - Parameter activationBytes: what rows may take in memory.
    /// - Returns: what comes out, and how many blocks of each model's rows were kept.
    func run(activationBytes: Int? = nil) throws -> (solution: SolvedLayers, kept: [Int]) {
      let distillation = Distillation(
        communicator: Communicator(), plan: RegMeanMergeTests.plan(models), rule: rule, coefficients: coefficients,
        models: models, statistics: rule.metric == .identity ? [] : statistics, activationBytes: activationBytes)
      let solution = try distillation.run(examples: HeldExamples(Communicator(), root: examples))
      return (try #require(solution), distillation.streams.map(\.kept))
    }

    /// B̂ of a model at some outputs, [d][d]; the identity where all count the same.
    func metric(_ layer: DistillLayer, _ model: Int) throws -> [[Double]] {
      try metric(rule.metric == .identity ? nil : layer.site, layer.outputs.count, model)
    }

    func metric(_ site: OutputSite?, _ d: Int, _ model: Int) throws -> [[Double]] {
      let identity = (0..<d).map { row in (0..<d).map { $0 == row ? 1.0 : 0 } }
      guard let site else { return identity }
      var metrics = DistillMetrics(rule, statistics)
      let own = try metrics.metric(at: site).models[model]
      return (0..<d).map { a in
        (0..<d).map { b in
          own.weights.indices.reduce(rule.beta * identity[a][b]) {
            $0 + own.weights[$1] * own.directions[a, $1] * own.directions[b, $1]
          }
        }
      }
    }
  }

  /// The inputs of linear layers in one forward pass, in the order in which they are seen.
  private final class Inputs: EncoderObserver {
    typealias Scalar = Float
    let interests: ObserverInterests = .inputs
    private(set) var seen: [(place: LinearInput, layer: Int?, rows: [[Double]], segments: Segments)] = []

    func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Float>, _ segments: Segments) {
      seen.append((place, layer, (0..<x.rows).map { x.row($0).array.map(Double.init) }, segments))
    }

    /// At a place, for one use after the other.
    func rows(_ place: LinearInput, _ layer: Int?) -> [[[Double]]] {
      seen.filter { $0.place == place && $0.layer == layer }.map(\.rows)
    }
  }

  /// What the layers of a step get and are to give, of one model's rows.
  private struct Rows {
    var inputs: [[Double]] = []
    /// [layer][row][output]
    var targets: [[[Double]]] = []
  }

  private func product(_ w: [[Double]], _ x: [Double], _ bias: [Double]?) -> [Double] {
    w.indices.map { row in zip(w[row], x).reduce(bias?[row] ?? 0) { $0 + $1.0 * $1.1 } }
  }

  /// The weights of a layer, [d][inputs] and [d].
  private func weights(_ layer: DistillLayer, _ values: (Parameter) throws -> [Float]) throws -> (
    [[Double]], [Double]?
  ) {
    let inputs = layer.weight.shape[1]
    let all = try values(layer.weight).map(Double.init)
    let rows = layer.outputs.map { Array(all[$0 * inputs..<($0 + 1) * inputs]) }
    return (rows, try layer.bias.map { bias in try Array(values(bias)[layer.outputs]).map(Double.init) })
  }

  private func own(_ model: StoredModel) -> (Parameter) throws -> [Float] {
    { parameter in
      let buffer = Buffer<Float>(count: parameter.count)
      try model.tensor(parameter).copy(into: buffer.vector)
      return withExtendedLifetime(buffer) { buffer.vector.array }
    }
  }

  @Test(
    "rows that are not kept go all the way again and arrive as the same bits",
    arguments: ["shallow", "albert", "deberta-v2-separate", "modernbert"])
  func budget(name: String) throws {
    let scratch = try Scratch()
    let problem = try Problem(name, DistillRule(rank: 3), in: scratch)
    let (kept, all) = try problem.run()
    // Those of which the magnitudes are measured follow the own, and are the same again.
    try #require(all.allSatisfy { $0 == 2 })
    let tokens = problem.examples.map(\.tokenCount)
    let perToken = SolveForecast.distilledBytesPerToken(problem.models[0].configuration)
    // None, what one model's own rows take, and all but a few.
    for (bytes, blocks) in [(0, [0, 0]), (perToken * tokens[0], [1, 0]), (perToken * (3 * tokens[0]), [2, 1])] {
      let (found, some) = try problem.run(activationBytes: bytes)
      #expect(some == blocks, "\(bytes) bytes")
      #expect(found.values.keys.sorted() == kept.values.keys.sorted() && !found.values.isEmpty)
      for (tensor, values) in kept.values {
        #expect(found.values[tensor]?.vector.array == values.vector.array, "\(tensor) with \(bytes) bytes")
      }
    }
  }

  @Test("as many blocks are kept as fit, in their order")
  func kept() throws {
    let examples = try Reference.tokenized("shallow", 0..<9)
    let own = try RankExamples(0, of: HeldExamples(Communicator(), root: [examples]))
    let rows = own.blocks.map(\.batch.segments.rows)
    try #require(rows.count > 1)
    func kept(_ tokens: Int?) -> Int { DistillStream(own, steps: [], tokens: tokens).kept }
    #expect(kept(nil) == rows.count && kept(1_000_000) == rows.count && kept(0) == 0)
    #expect(kept(rows[0] - 1) == 0 && kept(rows[0]) == 1 && kept(rows[0] + rows[1] - 1) == 1)
    #expect(kept(rows[0] + rows[1]) == 2)
  }

  @Test(
    "each layer's objective has no gradient at the solution",
    arguments: [
      ("shallow", DistillRule.Metric.lowRank), ("roberta", .lowRank), ("electra", .lowRank), ("mpnet", .identity),
      ("albert", .lowRank), ("deberta-v2", .lowRank), ("deberta-v2-separate", .lowRank), ("modernbert", .lowRank),
      ("modernbert-mean", .lowRank), ("distilbert", .identity),
    ])
  func stationary(name: String, metric: DistillRule.Metric) throws {
    let scratch = try Scratch()
    let problem = try Problem(name, DistillRule(metric: metric, rank: 3, tolerance: 1e-10, steps: 400), in: scratch)
    let (models, rule) = (problem.models, problem.rule)
    let (solution, _) = try problem.run()
    let parameters = models[0].mergedParameters
    let merge = SolvedMerge(models, by: problem.coefficients, solution)
    var merged: [String: Buffer<Float>] = [:]
    for parameter in parameters {
      let buffer = Buffer<Float>(count: parameter.count)
      try merge.merge(parameter, into: buffer.vector)
      merged[parameter.name] = buffer
    }
    func solved(_ parameter: Parameter) -> [Float] { merged[parameter.name]?.vector.array ?? [] }

    let encoder = Encoder(weights: try models[0].singlePrecisionWeights(replacing: merged))
    let steps = encoder.weights.steps
    let c = models[0].configuration
    let groups = steps.map { DistillGroup.all(at: $0, parameters, rule: rule) }

    // What every step's layers see, of both models.
    var rows = steps.map { _ in models.map { _ in Rows() } }
    for (place, (model, examples)) in zip(models, problem.examples).enumerated() {
      let block = ExampleBlock(Array(0..<examples.count), of: examples)
      let (student, teacher) = (Inputs(), Inputs())
      _ = encoder.forward(block.batch, observers: [student])
      _ = Encoder(weights: try model.singlePrecisionWeights()).forward(block.batch, observers: [teacher])
      let firsts = (0..<block.batch.segments.count).map { block.batch.segments[$0].lowerBound }
      var uses: [String: Int] = [:]
      // The residual streams, of student and teacher.
      var (s, t): ([[Double]], [[Double]]) = ([], [])
      for (index, step) in steps.enumerated() {
        let key = "\(step.place) \(step.number ?? -1)"
        let use = uses[key] ?? 0
        uses[key] = use + 1
        var x = student.rows(step.place, step.number)[use]
        var own = teacher.rows(step.place, step.number)[use]
        let isPrenorm = c.normsBeforeBlocks
        if step.place == .attention, !isPrenorm || step.layer == 0 { (s, t) = (x, own) }
        if step.place == .intermediate, !isPrenorm { (s, t) = (x, own) }
        let layers = groups[index].filter { !$0.readsTableAlone }
        var outputs = [[[Double]]](repeating: [], count: layers.reduce(0) { $0 + $1.layers.count })
        for group in layers {
          for (place, layer) in zip(group.places, group.layers) {
            let (w, b) = try weights(layer, self.own(model))
            outputs[place] = own.map { product(w, $0, b) }
          }
        }
        let isResidual = step.place == .attentionOutput || step.place == .output
        if isResidual {
          let (w, b) = try weights(layers[0].layers[0], solved)
          let given = x.map { product(w, $0, b) }
          let target = outputs[0].indices.map { row in
            outputs[0][row].indices.map { outputs[0][row][$0] + t[row][$0] - s[row][$0] }
          }
          (s, t) = (
            zip(s, given).map { zip($0, $1).map(+) }, zip(t, outputs[0]).map { zip($0, $1).map(+) }
          )
          outputs[0] = target
        }
        // Of the last layer the first rows count, where the head reads them alone.
        if step.layer == c.depth - 1, !c.variant.poolsMean, step.place != .attention {
          func first(_ rows: [[Double]]) -> [[Double]] { firsts.map { rows[$0] } }
          (x, own) = (first(x), first(own))
          outputs = outputs.map(first)
        }
        // A layer that was used before was solved on the teacher's own inputs here.
        if use > 0 {
          let plain = try layers.flatMap(\.layers).map { layer in
            let (w, b) = try weights(layer, self.own(model))
            return own.map { product(w, $0, b) }
          }
          let first = steps.firstIndex { ($0.place, $0.number) == (step.place, step.number) } ?? index
          rows[first][place].inputs += own
          for layer in plain.indices { rows[first][place].targets[layer] += plain[layer] }
        } else {
          rows[index][place] = Rows(inputs: x, targets: outputs)
        }
      }
    }

    var checked: Set<String> = []
    for (index, all) in groups.enumerated() where !rows[index][0].inputs.isEmpty {
      for group in all {
        let n = group.unknowns
        let table = try group.readsTable ? DistillTable(models, merged: merged, hasBias: n > group.inputs) : nil
        for (number, layer) in group.layers.enumerated() {
          let (w, b) = try weights(layer, solved)
          let d = layer.outputs.count
          var gradient = [[Double]](repeating: [Double](repeating: 0, count: n), count: d)
          var size = 0.0
          for model in models.indices {
            let (lambda, own) = (problem.coefficients.values[model], rows[index][model])
            let (teacherWeight, teacherBias) = try weights(layer, self.own(models[model]))
            // A and P of this model, tokens and table.
            var a = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
            var p = [[Double]](repeating: [Double](repeating: 0, count: n), count: d)
            var count = 1.0
            if !group.readsTableAlone {
              count = Double(own.inputs.count)
              let target = own.targets[group.places[number]]
              for (row, x) in own.inputs.enumerated() {
                let x = n > group.inputs ? x + [1] : x
                for i in 0..<n { for k in 0..<n { a[i][k] += x[i] * x[k] / count } }
                for o in 0..<d { for i in 0..<n { p[o][i] += target[row][o] * x[i] / count } }
              }
            }
            if let table {
              if group.readsTableAlone { count = Double(table.rows) }
              let share = group.readsTableAlone ? 1 : rule.tableRows
              let merged = try models[0].relativeTableRows(replacing: merged)
              let teacher = try models[model].relativeTableRows()
              for row in 0..<table.rows {
                func entries(_ rows: RelativeTableRows) -> [Double] {
                  rows.values.vector[row * rows.columns..<(row + 1) * rows.columns].array.map(Double.init)
                }
                let x = entries(merged) + (n > group.inputs ? [1] : [])
                let y = product(teacherWeight, entries(teacher), teacherBias)
                for i in 0..<n { for k in 0..<n { a[i][k] += share * x[i] * x[k] / Double(table.rows) } }
                for o in 0..<d { for i in 0..<n { p[o][i] += share * y[o] * x[i] / Double(table.rows) } }
              }
            }
            let mean = (0..<n).reduce(0) { $0 + a[$1][$1] } / Double(n)
            let ridge = (rule.ridge + rule.rowRidge * Double(n) / count) * mean
            let metric = try problem.metric(layer, model)
            var plain = [[Double]](repeating: [Double](repeating: 0, count: n), count: d)
            for o in 0..<d {
              for i in 0..<n {
                func value(_ weight: [[Double]], _ bias: [Double]?, _ k: Int) -> Double {
                  k < group.inputs ? weight[o][k] : bias?[o] ?? 0
                }
                let own = value(w, b, i) - value(teacherWeight, teacherBias, i)
                plain[o][i] = (0..<n).reduce(ridge * own - p[o][i]) { $0 + value(w, b, $1) * a[$1][i] }
              }
            }
            for o in 0..<d {
              for i in 0..<n {
                for q in 0..<d {
                  gradient[o][i] += lambda * metric[o][q] * plain[q][i]
                  size = max(size, abs(lambda * metric[o][q] * p[q][i]))
                }
              }
            }
          }
          let worst = gradient.joined().reduce(0) { max($0, abs($1)) }
          // Rows are known in single precision, and the metric's largest entries are several.
          #expect(worst < 2e-5 * size, "\(layer.weight.name) \(layer.outputs): \(worst / size)")
          checked.insert(layer.weight.name)
          if let bias = layer.bias { checked.insert(bias.name) }
        }
      }
    }
    // Nothing else was solved for but the tables.
    #expect(checked.union(parameters.summedTables.map(\.name)) == Set(solution.values.keys))
    if metric == .lowRank { #expect(solution.reports.contains { ($0.iteration?.steps ?? 0) > 0 }) }
  }

  @Test("a model is given back from copies of itself")
  func copies() throws {
    let model = try Reference.model("shallow")
    let scratch = try Scratch()
    let problem = try Problem("shallow", DistillRule(), in: scratch)
    let found = try #require(
      try Distillation(
        communicator: Communicator(), plan: RegMeanMergeTests.plan([model, model]), rule: DistillRule(),
        coefficients: problem.coefficients, models: [model, model],
        statistics: [problem.statistics[0], problem.statistics[0]]
      ).run(examples: HeldExamples(Communicator(), root: problem.examples)))
    for parameter in model.mergedParameters {
      guard let values = found.values[parameter.name] else { continue }
      let expected = try own(model)(parameter)
      // What single precision leaves of targets, through layers.
      let error = worstError(
        values.vector.array.map(Double.init), expected.map(Double.init), relative: 0, absolute: 1e-4)
      #expect(error < 1, "\(parameter.name): \(error)")
    }
  }
}
