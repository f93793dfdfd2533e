import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters
import StatisticsFiles
import SystemPackage
import TestSupport
import Testing

@testable import ModelMerging

/// RegMean where a table of relative positions goes through linear layers: against normal equations that are set up row
/// by row and eliminated in plain loops.
@Suite("RegMean with tables of relative positions")
struct TableRowsTests {
  /// Gram matrices of made-up inputs: 25 rows for each place, some of one sign, so that sums matter.
  private struct Inputs: StatisticReader {
    let kinds: [StatisticKind] = [.gram]
    let examples = 4
    let tokens = 25
    let seed: Double

    func rows(_ site: GramSite) -> [[Double]] {
      (0..<25).map { row in
        (0..<site.inputs).map { column in
          let fraction = (Double(row * 131 + column * 17 + site.name.count) * 0.618_033_988_75 + seed)
            .truncatingRemainder(dividingBy: 1)
          return 2 * fraction - 0.7
        }
      }
    }

    let sites: [GramSite]

    func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
      let site = try #require(sites.first { $0.name == name || $0.sumName == name })
      let rows = rows(site)
      var values: [Double] = []
      for i in 0..<site.inputs where name == site.name {
        for j in i..<site.inputs { values.append(rows.reduce(0) { $0 + $1[i] * $1[j] }) }
      }
      if name != site.name { values = (0..<site.inputs).map { column in rows.reduce(0) { $0 + $1[column] } } }
      for (target, element) in elements.enumerated() { out[target] = values[element] }
    }
  }

  /// A model of the reference and one with other numbers.
  private func models(_ name: String, in scratch: Scratch) throws -> [StoredModel] {
    var other = try EditedModel(name)
    for index in other.tensors.indices {
      for entry in other.tensors[index].values.indices {
        other.tensors[index].values[entry] *= 1 + 0.3 * Double((entry * 7 + index) % 5 - 2)
      }
    }
    return [try Reference.model(name), try StoredModel(directory: other.write("other", in: scratch))]
  }

  private func values(_ model: StoredModel, _ name: String) throws -> [Double] {
    let parameter = try #require(model.parameters.first { $0.name == name })
    let buffer = Buffer<Double>(count: parameter.count)
    try model.tensor(parameter).copy(into: buffer.vector)
    return withExtendedLifetime(buffer) { buffer.vector.array }
  }

  /// The table behind its LayerNorm, by the definition.
  private func table(_ model: StoredModel) throws -> [[Double]] {
    let width = model.configuration.hidden
    let flat = try values(model, "deberta.encoder.rel_embeddings.weight")
    let rows = (0..<flat.count / width).map { Array(flat[$0 * width..<($0 + 1) * width]) }
    guard model.parameters.contains(where: { $0.name == "deberta.encoder.LayerNorm.weight" }) else { return rows }
    let weight = try values(model, "deberta.encoder.LayerNorm.weight")
    let bias = try values(model, "deberta.encoder.LayerNorm.bias")
    return rows.map { row in
      let mean = row.reduce(0, +) / Double(width)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      return row.indices.map { column in
        (row[column] - mean) / (variance + model.configuration.layerNormEpsilon).squareRoot() * weight[column]
          + bias[column]
      }
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let model: String
    let share: Double
    let bias: RegMeanRule.Bias
    var testDescription: String { "\(model), \(share), \(bias)" }
  }

  static let cases = ["deberta-v2", "deberta-v2-separate"].flatMap { model in
    [0, 0.5, 2.0].flatMap { share in
      RegMeanRule.Bias.allCases.map { Case(model: model, share: share, bias: $0) }
    }
  }

  @Test("tables count as the rule says", arguments: cases)
  func solutions(_ test: Case) throws {
    let scratch = try Scratch()
    let models = try models(test.model, in: scratch)
    let rule = RegMeanRule(offDiagonal: 0.8, bias: test.bias, tableRows: test.share)
    let parameters = models[0].parameters.filter { !$0.isHead }
    let sites = ModelLayout(of: models[0].configuration).gramSites()
    let statistics = [0.1, 0.77].map { Inputs(seed: $0, sites: sites) }
    let weights = [0.3, 1.2]
    let merge = RegMeanMerge(
      rule: rule, coefficients: try Coefficients(weights, models: ["a", "b"]), models: models, statistics: statistics)
    var solution = SolvedLayers()
    let systems = LinearSystem.all(of: parameters, rule: rule)
    for system in systems where system.layer == 1 { try merge.solve(system, into: &solution) }

    let stem = "deberta.encoder.layer.1.attention.self."
    let isShared = test.model == "deberta-v2"
    for (name, ofTokens, ofTable) in [
      ("query_proj", true, isShared), ("key_proj", true, isShared), ("value_proj", true, false),
      ("pos_key_proj", false, true), ("pos_query_proj", false, true),
    ] where ofTokens || !isShared {
      let site = try #require(sites.first { $0.name == "gram.1.attention" })
      let expected = try oracle(
        models, stem + name, rule, weights,
        rows: statistics.indices.map { model in
          let tokens = ofTokens ? statistics[model].rows(site).map { ($0, 1.0) } : []
          let table = ofTable ? try table(models[model]) : []
          let factor = ofTokens ? test.share * 25 / Double(max(1, table.count)) : 1
          return tokens + table.map { ($0, factor) }
        })
      let found = try #require(solution.values[stem + name + ".weight"])
      let error = zip(found.vector.array.map(Double.init), expected).map { abs($0 - $1) }.max() ?? 1
      // The values are rounded to single precision; the table went through the program's LayerNorm in it.
      #expect(error < 1e-4 * (expected.map { abs($0) }.max() ?? 1), "\(name): \(error)")
    }
    // Query and key are one system; value is another where the table counts.
    let first = try #require(systems.first { $0.layer == 1 })
    let count = isShared && test.share > 0 ? 2 : 3
    #expect(first.layers.count == count && first.readsTable == (isShared && test.share > 0))
  }

  /// W of Σ_j λ_j c_j G̃_j Wᵀ = Σ_j λ_j c_j G̃_j W_jᵀ from weighted rows, with one more input of 1 where the bias is
  /// solved for.
  private func oracle(
    _ models: [StoredModel], _ name: String, _ rule: RegMeanRule, _ weights: [Double],
    rows: [[(row: [Double], factor: Double)]]
  ) throws -> [Double] {
    let inputs = rows[0][0].row.count
    let order = inputs + (rule.bias == .joint ? 1 : 0)
    var sum = [[Double]](repeating: Array(repeating: 0, count: order), count: order)
    var right = [[Double]](repeating: Array(repeating: 0, count: inputs), count: order)
    for (index, model) in models.enumerated() {
      let weight = try values(model, name + ".weight")
      let bias = try values(model, name + ".bias")
      let count = rows[index].reduce(0) { $0 + $1.factor }
      let c = weights[index] / count
      for i in 0..<order {
        for j in 0..<order {
          var entry = 0.0
          for (row, factor) in rows[index] {
            entry += factor * (i < inputs ? row[i] : 1) * (j < inputs ? row[j] : 1)
          }
          if i != j { entry *= rule.offDiagonal }
          sum[i][j] += c * entry
          for output in 0..<inputs {
            right[i][output] += c * entry * (j < inputs ? weight[output * inputs + j] : bias[output])
          }
        }
      }
    }
    let solved = eliminate(sum, right)
    return (0..<inputs).flatMap { output in (0..<inputs).map { solved[$0][output] } }
  }

  private func eliminate(_ matrix: [[Double]], _ right: [[Double]]) -> [[Double]] {
    var (a, b) = (matrix, right)
    for pivot in a.indices {
      let best = (pivot..<a.count).max { abs(a[$0][pivot]) < abs(a[$1][pivot]) } ?? pivot
      a.swapAt(pivot, best)
      b.swapAt(pivot, best)
      for row in a.indices where row != pivot {
        let factor = a[row][pivot] / a[pivot][pivot]
        for column in pivot..<a.count { a[row][column] -= factor * a[pivot][column] }
        for column in b[row].indices { b[row][column] -= factor * b[pivot][column] }
      }
    }
    return a.indices.map { row in b[row].map { $0 / a[row][row] } }
  }
}
