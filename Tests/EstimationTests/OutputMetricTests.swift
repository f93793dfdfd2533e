import Datasets
import Encoders
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Estimation

/// The output metric and the token counts against plain loops over what an encoder shows.
@Suite("Output metrics and token counts")
struct OutputMetricTests {
  /// Every gradient row at the outputs of linear layers, and at the sum of the tables.
  private final class Rows: Statistic {
    typealias Scalar = Double
    let interests: ObserverInterests = .parameters
    let sums = FixedPointSums(tensors: [])
    var seen: [String: [[Double]]] = [:]

    static func key(_ component: Component?, _ layer: Int?, _ firstOutput: Int) -> String {
      "\(component.map(\.rawValue) ?? "tables") \(layer ?? -1) \(firstOutput)"
    }

    func observeLinear(_ component: Component, _ o: Observation<Double>) {
      seen[Self.key(component, o.layer, o.firstOutput), default: []] += (0..<o.gradient.rows).map {
        o.gradient.row($0).array
      }
    }

    func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Double>, _ segments: Segments) {
      guard tables.contains(where: { $0.component == .wordEmbeddings }) else { return }
      seen[Self.key(nil, nil, 0), default: []] += (0..<gradient.rows).map { gradient.row($0).array }
    }

    func finishBlock() {}
  }

  private func block(_ c: EncoderConfiguration) -> ExampleBlock {
    let lengths = [5, 3, 7, 2]
    var random = SplitMix64(seed: 4)
    let tokens = (0..<lengths.reduce(0, +)).map { _ in Int32.random(in: 0..<Int32(c.vocabulary), using: &random) }
    let types = tokens.map { c.tokenTypes > 1 ? $0 % 2 : 0 }
    let offsets = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    return ExampleBlock(
      batch: TokenBatch(tokens: tokens, types: types, segments: Segments(offsets: offsets)),
      rows: Array(0..<lengths.count), targets: lengths.map { _ in .none })
  }

  @Test(
    "Y is the sum of g (gᵀΩ) over rows, columns and uses, and the trace that of ‖g‖²",
    arguments: ["bert", "electra", "albert", "deberta-v2/separate", "modernbert", "modernbert/mean"])
  func naive(name: String) throws {
    let model = RandomModel<Double>(RandomModel<Double>.small(name))
    let c = model.configuration
    let sites = ModelLayout(of: c).outputSites
    let (metric, rows) = (OutputMetric<Double>(sites: sites), Rows())
    let estimator = BlockEstimator(
      encoder: Encoder(weights: model.weights), statistics: [metric, rows], expectation: .expected, seed: 0)
    let block = block(c)
    try estimator.measure([block], times: 1)
    rows.seen = [:]
    try estimator.add(block)

    #expect(sites.count == metric.sums.slots.count / 3 && sites.contains { $0.component == nil })
    for (index, site) in sites.enumerated() {
      let seen = try #require(rows.seen[Rows.key(site.component, site.layer, site.firstOutput)], "\(site.name)")
      let columns = OutputSketch.columns(outputs: site.outputs)
      let omega = OutputSketch.projection(outputs: site.outputs)
      var sketch = [Double](repeating: 0, count: site.outputs * columns)
      var trace = 0.0
      for g in seen {
        trace += g.reduce(0) { $0 + $1 * $1 }
        for column in 0..<columns {
          let projected = (0..<site.outputs).reduce(0) { $0 + g[$1] * omega.vector[$1 * columns + column] }
          for output in 0..<site.outputs { sketch[output * columns + column] += g[output] * projected }
        }
      }
      // Sums of a few hundred products in double, in another order.
      let error = worstError(metric.sums.values(3 * index), sketch, relative: 0, absolute: 1e-12)
      #expect(error < 1, "\(site.name): \(error)")
      #expect(abs(metric.sums.values(3 * index + 1)[0] - trace) <= 1e-11 * trace, "\(site.name)")
      #expect(trace > 0, "\(site.name)")
    }
  }

  @Test("the second moment of a trace is over examples, all uses of a layer added up first")
  func moments() throws {
    let model = RandomModel<Double>(RandomModel<Double>.small("albert"))
    let sites = ModelLayout(of: model.configuration).outputSites
    func sums(_ blocks: [ExampleBlock]) throws -> FixedPointSums {
      let metric = OutputMetric<Double>(sites: sites)
      let estimator = BlockEstimator(
        encoder: Encoder(weights: model.weights), statistics: [metric], expectation: .expected, seed: 0)
      try estimator.measure(blocks, times: 1)
      for block in blocks { try estimator.add(block) }
      return metric.sums
    }
    let whole = block(model.configuration)
    let all = try sums([whole])
    let single = try (0..<4).map { try sums([whole.example($0)]) }
    for index in sites.indices {
      let traces = single.map { $0.values(3 * index + 1)[0] }
      let squares = traces.reduce(0) { $0 + $1 * $1 }
      #expect(abs(all.values(3 * index + 2)[0] - squares) <= 1e-6 * squares, "\(sites[index].name)")
    }
  }

  @Test("projections have orthonormal columns and are the same again", arguments: [1, 24, 25, 128, 769])
  func projection(outputs: Int) {
    let columns = OutputSketch.columns(outputs: outputs)
    let (omega, again) = (OutputSketch.projection(outputs: outputs), OutputSketch.projection(outputs: outputs))
    #expect(omega.vector.array == again.vector.array && columns == min(outputs, 24))
    for a in 0..<columns {
      for b in a..<columns {
        let product = (0..<outputs).reduce(0) { $0 + omega.vector[$1 * columns + a] * omega.vector[$1 * columns + b] }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-13)
      }
    }
  }

  @Test("tokens are counted exactly, and nothing is computed for it")
  func counts() throws {
    let model = RandomModel<Float>(RandomModel<Float>.small)
    let counts = TokenCounts<Float>(configuration: model.configuration)
    let estimator = BlockEstimator(
      encoder: Encoder(weights: model.weights), statistics: [counts], expectation: .expected, seed: 0)
    let block = block(model.configuration)
    try estimator.measure([block], times: 2)
    for _ in 0..<2 { try estimator.add(block) }
    var expected = [Double](repeating: 0, count: model.configuration.vocabulary)
    for token in block.batch.tokens { expected[Int(token)] += 2 }
    #expect(counts.sums.values(0) == expected)
    #expect(estimator.encoder.arena.capacity == 0)
  }
}
