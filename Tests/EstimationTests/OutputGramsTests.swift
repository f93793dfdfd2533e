import Encoders
import Estimation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// The definition: gradients one by one, multiplied and added in double.
private final class NaiveOutputGrams: Statistic {
  typealias Scalar = Float
  let interests: ObserverInterests = .parameters
  let sums = FixedPointSums(tensors: [])
  /// Σ g gᵀ, [d][d], and Σ ‖g‖² of each example; by layer and first output.
  private(set) var grams: [String: [[Double]]] = [:]
  private(set) var traces: [String: [Double]] = [:]

  static func key(_ component: Component, _ layer: Int?, _ firstOutput: Int) -> String {
    "\(component) \(layer ?? -1) \(firstOutput)"
  }

  func observeLinear(_ component: Component, _ o: Observation<Float>) {
    let key = Self.key(component, o.layer, o.firstOutput)
    let d = o.gradient.columns
    var gram = grams[key] ?? Array(repeating: Array(repeating: 0, count: d), count: d)
    var own = traces[key] ?? Array(repeating: 0, count: o.segments.count)
    for column in 0..<o.columns {
      for example in 0..<o.segments.count {
        let rows = o.gradient(column: column, example: example)
        for row in 0..<rows.rows {
          let g = rows.row(row).array.map(Double.init)
          for a in 0..<d { for b in 0..<d { gram[a][b] += g[a] * g[b] } }
          own[example] += g.reduce(0) { $0 + $1 * $1 }
        }
      }
    }
    (grams[key], traces[key]) = (gram, own)
  }

  func finishBlock() {}
}

@Suite("Gram matrices of the gradients at outputs")
struct OutputGramsTests {
  /// Layers that are fused, shared, narrower than the model, or read a table too.
  @Test("sums are those of the gradients one by one", arguments: RandomModel<Float>.variants)
  func oracle(name: String) throws {
    let configuration = RandomModel<Float>.small(name)
    let model = RandomModel<Float>(configuration, seed: 4)
    let layout = ModelLayout(of: configuration)
    let grams = OutputGrams<Float>(sites: layout.outputGramSites)
    let naive = NaiveOutputGrams()
    let batch = RandomModel<Float>.batch
    let block = ExampleBlock(batch: batch, rows: Array(0..<4), targets: Array(repeating: .none, count: 4))
    let encoder = Encoder(weights: model.weights)
    try BlockEstimator(encoder: encoder, statistics: [grams], expectation: .expected, seed: 0)
      .measure([block], times: 1)
    try BlockEstimator(encoder: encoder, statistics: [grams, naive], expectation: .expected, seed: 0).add(block)
    withExtendedLifetime(model) {}

    var sites = 0
    for weight in layout.merged where weight.kind == .weight && weight.role.input?.isOfExamples == true {
      let parts = weight.role.spread.partCount
      let d = weight.shape[0] / parts
      for part in 0..<parts {
        let name = "kfac.\(weight.name)" + (parts > 1 ? ".\(part)" : "")
        let key = NaiveOutputGrams.key(weight.component, weight.layer, part * d)
        let (exact, traces) = (try #require(naive.grams[key]), try #require(naive.traces[key]))
        let slot = try #require(grams.sums.slots.firstIndex { $0.name == name })
        let packed = (0..<d).flatMap { a in (a..<d).map { exact[a][$0] } }
        // Single precision's products of at most two columns of nine rows.
        let error = worstError(grams.sums.values(slot), packed, relative: 1e-6, absolute: 1e-6)
        #expect(error < 1 && packed.contains { $0 > 0 }, "\(name): \(error)")
        let trace = traces.reduce(0, +)
        #expect(grams.sums.slots[slot + 1].name == name + ".trace")
        #expect(abs(grams.sums.values(slot + 1)[0] - trace) < 1e-6 * trace, "\(name)")
        let moment = traces.reduce(0) { $0 + $1 * $1 }
        #expect(grams.sums.slots[slot + 2].name == name + ".second_moment")
        #expect(abs(grams.sums.values(slot + 2)[0] - moment) < 1e-6 * moment, "\(name)")
        sites += 1
      }
    }
    #expect(grams.sums.slots.count == 3 * sites)
  }
}
