import Encoders
import Estimation
import LinearAlgebra
import Parameters
import StatisticsFiles
import TestSupport
import Testing

@testable import Merging
@testable import ModelMerging

/// Merges by Kronecker factors of whole models, against the definition in double by plain loops.
@Suite("Merges by Kronecker factors")
struct KFACMergeTests {
  /// Two models of one base with their statistics.
  private struct Problem {
    let models: [StoredModel]
    let statistics: [EstimatedStatistics]
    let coefficients: Coefficients

    init(_ models: [StoredModel], of name: String) throws {
      self.models = models
      let block = try Reference.block(for: name, outputs: .singleLabel)
      let blocks = [block, Self.part(2..<7, of: block)]
      statistics = try zip(models, blocks).map { model, block in
        let kinds = StatisticKind.named(["kfac", "gram", "fisher"])
        let own = kinds.map { ($0, $0.statistic(of: model)) }
        let estimator = BlockEstimator(
          encoder: Encoder(weights: try model.singlePrecisionWeights()), statistics: own.map(\.1),
          expectation: .expected, seed: 0)
        try estimator.measure([block], times: 1)
        try estimator.add(block)
        return EstimatedStatistics(own, examples: block.rows.count, tokens: block.batch.segments.rows)
      }
      coefficients = try Coefficients([0.4, 1], models: ["a", "b"])
    }

    func merge(_ settings: [String: SettingValue] = [:]) throws -> any ParameterMerge {
      let method = try MergeMethods.make(MethodSettings(KFAC.declaration, settings), models: 2)
      return try method.prepare(MergeInputs(models: models, names: ["a", "b"], readers: statistics))
        .merge(by: coefficients)
    }

    private static func part(_ examples: Range<Int>, of block: ExampleBlock) -> ExampleBlock {
      let batch = block.batch
      let offsets = batch.segments.offsets[examples.lowerBound...examples.upperBound]
      let rows = offsets[examples.lowerBound]..<offsets[examples.upperBound]
      return ExampleBlock(
        batch: TokenBatch(
          tokens: Array(batch.tokens[rows]), types: Array(batch.types[rows]),
          segments: Segments(offsets: offsets.map { $0 - rows.lowerBound })),
        rows: Array(examples), targets: Array(block.targets[examples]))
    }

    /// A model's own values.
    func values(_ parameter: Parameter, of model: Int) throws -> [Double] {
      let buffer = Buffer<Float>(count: parameter.count)
      try models[model].tensor(parameter).copy(into: buffer.vector)
      return withExtendedLifetime(buffer) { buffer.vector.array.map(Double.init) }
    }

    /// A Gram matrix of a model with the trace 1, [order][order].
    func gram(_ name: String, order: Int, of model: Int) throws -> [[Double]] {
      let layout = PackedTriangle(order: order)
      let packed = try statistics[model].values(name, count: layout.count)
      let trace = (0..<order).reduce(0) { $0 + packed[layout.index($1, $1)] }
      return (0..<order).map { a in (0..<order).map { packed[layout.index(a, $0)] / trace } }
    }
  }

  private func values(_ parameter: Parameter, _ merge: any ParameterMerge) throws -> [Double] {
    let buffer = Buffer<Float>(count: parameter.count)
    try merge.merge(parameter, into: buffer.vector)
    return withExtendedLifetime(buffer) { buffer.vector.array.map(Double.init) }
  }

  private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in b[0].indices.map { column in row.indices.reduce(0) { $0 + row[$1] * b[$1][column] } } }
  }

  @Test(
    "what is not solved for is the mean by Fishers of trace 1", arguments: ["shallow", "albert", "deberta-v2-separate"])
  func others(name: String) throws {
    let scratch = try Scratch()
    let problem = try Problem(try EditedModel.pair(name, in: scratch), of: name)
    let merge = try problem.merge(["cg_steps": .number(0)])
    let parameters = problem.models[0].mergedParameters
    let traces = try problem.statistics.map { reader in
      try parameters.reduce(0.0) { $0 + (try reader.values($1.name, count: $1.count)).reduce(0, +) }
    }
    var entries = 0
    for parameter in parameters where parameter.kind == .bias || parameter.role.input?.isOfExamples != true {
      let found = try values(parameter, merge)
      let own = try (0..<2).map { try problem.values(parameter, of: $0) }
      let fishers = try problem.statistics.map { try $0.values(parameter.name, count: parameter.count) }
      let largest = fishers.map { $0.max() ?? 0 }
      for entry in found.indices {
        let (a, b) = (own[0][entry], own[1][entry])
        let shares = (0..<2).map { problem.coefficients.values[$0] * fishers[$0][entry] / traces[$0] }
        if largest == [0, 0] || shares == [0, 0] {
          let plain = problem.coefficients.values[0] * a + problem.coefficients.values[1] * b
          #expect(abs(found[entry] - plain) <= 1e-6 * (abs(a) + abs(b)), "\(parameter.name) \(entry)")
        } else if (0..<2).allSatisfy({ fishers[$0][entry] > 1e-9 * largest[$0] }) {
          let expected = (shares[0] * a + shares[1] * b) / (shares[0] + shares[1])
          #expect(abs(found[entry] - expected) <= 1e-6 * (abs(a) + abs(b)), "\(parameter.name) \(entry)")
          entries += 1
        }
      }
    }
    #expect(entries > 100)
  }

  /// ‖Σ_j c_j B_j (W − W_j) A_j‖ of one layer in plain loops, and how much the rounding of W can add to it.
  private func residual(
    _ problem: Problem, _ parameter: Parameter, _ output: OutputSite, _ values: [Double]
  ) throws -> (norm: Double, rounding: Double) {
    let site = try #require(
      problem.models[0].layout.gramSites().first {
        $0.place == parameter.role.input && $0.layer == parameter.layer
      })
    let n = parameter.shape[1]
    let rows = output.firstOutput..<output.firstOutput + output.outputs
    func matrix(_ values: [Double]) -> [[Double]] { rows.map { Array(values[$0 * n..<($0 + 1) * n]) } }
    let w = matrix(values)
    var sum = [Double](repeating: 0, count: rows.count * n)
    var rounding = 0.0
    for model in 0..<2 {
      let lambda = problem.coefficients.values[model]
      let a = try problem.gram(site.name, order: n, of: model)
      let b = try problem.gram(output.gramName, order: output.outputs, of: model)
      let distance = zip(w, matrix(try problem.values(parameter, of: model))).map { zip($0, $1).map(-) }
      for (index, value) in product(b, product(distance, a)).joined().enumerated() { sum[index] += lambda * value }
      func sizes(_ matrix: [[Double]]) -> [[Double]] { matrix.map { $0.map(abs) } }
      rounding += lambda * norm(product(sizes(b), product(sizes(w), sizes(a))).flatMap { $0 })
    }
    return (norm(sum), 0x1p-24 * rounding)
  }

  private func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(
    "linear layers come as near to their equations as is said, in at most thirty steps",
    arguments: ["shallow", "albert", "deberta-v2", "modernbert"])
  func layers(name: String) throws {
    let scratch = try Scratch()
    let problem = try Problem(try EditedModel.pair(name, in: scratch), of: name)
    let (start, merge) = (try problem.merge(["cg_steps": .number(0)]), try problem.merge())
    var reports = Dictionary(grouping: merge.reports) { $0.tensors[0] }
    var solved = 0
    for output in problem.models[0].layout.outputGramSites {
      let parameter = try #require(
        problem.models[0].mergedParameters.first {
          $0.kind == .weight && ($0.component, $0.layer) == (output.component, output.layer)
        })
      let said = try #require(reports[parameter.name]?.removeFirst().iteration)
      let first = try residual(problem, parameter, output, try values(parameter, start))
      let last = try residual(problem, parameter, output, try values(parameter, merge))
      let error = abs(last.norm / first.norm - said.residual)
      // The program starts from the same single-precision weights; the result is rounded once.
      #expect(error <= 1e-6 + last.rounding / first.norm, "\(output.gramName): \(error)")
      #expect(said.steps == 30 || said.residual < 1e-6, "\(output.gramName): \(said)")
      solved += 1
    }
    #expect(solved == merge.reports.count)
  }

  @Test("without a step it is RegMean; a model is given back from copies of itself", arguments: ["shallow", "albert"])
  func start(name: String) throws {
    let scratch = try Scratch()
    let problem = try Problem(try EditedModel.pair(name, in: scratch), of: name)
    let regmean = try RegMean(
      MethodSettings(
        RegMean.declaration,
        ["off_diagonal": .number(1), "embeddings": .word("mean"), "table_rows": .number(0)]), models: 2
    ).prepare(MergeInputs(models: problem.models, names: ["a", "b"], readers: problem.statistics))
      .merge(by: problem.coefficients)
    let start = try problem.merge(["cg_steps": .number(0)])
    for parameter in problem.models[0].mergedParameters
    where parameter.kind == .weight && parameter.role.input?.isOfExamples == true {
      #expect(try values(parameter, start) == values(parameter, regmean), "\(parameter.name)")
    }

    let model = try Reference.model(name)
    let copies = try Problem([model, model], of: name)
    let merge = try copies.merge()
    for parameter in model.mergedParameters {
      // What the factorisation and the ridges of singular systems leave, in single precision.
      let error = worstError(
        try values(parameter, merge), try copies.values(parameter, of: 0), relative: 0, absolute: 1e-5)
      #expect(error < 1, "\(parameter.name): \(error)")
    }
  }
}
