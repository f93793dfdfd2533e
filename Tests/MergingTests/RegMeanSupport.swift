import LinearAlgebra

@testable import Merging

/// Random models of linear layers with one input in common, and their data.
struct RegMeanProblem {
  var inputs: Int
  var outputs = [4, 3]
  /// [model][row][input]
  var data: [[[Double]]]
  /// [model][layer]
  var weights: [[Tensor]]
  var biases: [[Tensor]]
  var coefficients: [Double]

  init(inputs: Int, rows: [Int], coefficients: [Double]? = nil, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    self.inputs = inputs
    data = rows.map { count in
      // Each model's inputs have a size and a mean of their own.
      let sizes = (0..<inputs).map { _ in Double.random(in: 0.2...3, using: &random) }
      let means = sizes.map { _ in Double.random(in: -1...1, using: &random) }
      return (0..<count).map { _ in
        (0..<inputs).map { means[$0] + sizes[$0] * Double.random(in: -1...1, using: &random) }
      }
    }
    let outputs = outputs
    weights = rows.map { _ in outputs.map { Tensor.random(rows: $0, columns: inputs, &random) } }
    biases = rows.map { _ in outputs.map { Tensor.random(rows: $0, &random) } }
    self.coefficients = coefficients ?? rows.map { _ in 1 / Double(rows.count) }
  }

  var layers: [RegMeanLayer] { outputs.indices.map { RegMeanLayer(tensor: "layer\($0)", outputs: outputs[$0]) } }

  func parameters(_ model: Int) -> [LinearParameters] {
    outputs.indices.map { LinearParameters(weight: weights[model][$0].matrix, bias: biases[model][$0].vector) }
  }

  /// The statistic by BLAS and the packing, as the estimation makes it.
  func gram(_ model: Int) -> GramStatistic {
    let rows = data[model]
    let x = Sums(rows.flatMap { $0 }).vector.matrix(rows: rows.count, columns: inputs)
    let square = Buffer<Double>(count: inputs * inputs)
    multiply(x, x, into: square.vector.matrix(rows: inputs, columns: inputs), transposeA: true)
    let layout = PackedTriangle(order: inputs)
    let packed = Sums([Double](repeating: .nan, count: layout.count)).vector
    layout.pack(square.vector.matrix(rows: inputs, columns: inputs), into: packed)
    let sums = Sums([Double](repeating: .nan, count: inputs)).vector
    columnSums(x, into: sums)
    return GramStatistic(model: "model\(model)", rows: Double(rows.count), columnSums: sums, packed: packed)
  }

  struct Solution {
    /// [layer], row by row.
    let weights: [[Float]]
    let biases: [[Float]]
    let report: SolveReport
  }

  func solve(_ rule: RegMeanRule, order: [Int]? = nil) throws -> Solution {
    let system = try RegMeanSystem(inputs: inputs, layers: layers, rule: rule)
    for model in order ?? Array(data.indices) {
      try system.add(gram(model), parameters: parameters(model), coefficient: coefficients[model])
    }
    return try finish(system)
  }

  func finish(_ system: RegMeanSystem) throws -> Solution {
    let weights = outputs.map { Tensor(rows: $0, columns: inputs) }
    let biases = outputs.map { Tensor(rows: $0) }
    let report = try system.solve(
      into: zip(weights, biases).map { LinearParameters(weight: $0.matrix, bias: $1.vector) })
    return Solution(weights: weights.map(\.array), biases: biases.map(\.array), report: report)
  }

  /// The same problem with some of its inputs only.
  func keeping(_ kept: [Int]) -> RegMeanProblem {
    var problem = self
    problem.inputs = kept.count
    problem.data = data.map { rows in rows.map { row in kept.map { row[$0] } } }
    problem.weights = weights.map { layers in
      layers.map { layer in
        Tensor(rows: layer.matrix.rows, columns: kept.count) { layer.matrix[$0 / kept.count, kept[$0 % kept.count]] }
      }
    }
    return problem
  }

  /// λ_j c_j.
  func factor(_ model: Int, _ rule: RegMeanRule) -> Double {
    coefficients[model] / (rule.weighting == .perRow ? Double(data[model].count) : 1)
  }

  /// The λ-weighted average as the rule `linear` computes it.
  func average() throws -> (weights: [[Float]], biases: [[Float]]) {
    let linear = SiteWeights.linear(try Coefficients(coefficients, models: names(coefficients.count)))
    func average(_ sources: [[Tensor]], _ layer: Int) throws -> [Float] {
      let first = sources[0][layer].matrix
      let target = Tensor(rows: first.rows, columns: first.columns)
      try linear.average(sources.map { $0[layer].matrix }, into: target.matrix, tensor: "t")
      return target.array
    }
    return (
      try outputs.indices.map { try average(weights, $0) }, try outputs.indices.map { try average(biases, $0) }
    )
  }
}

/// The largest difference, relative to the largest value expected.
func distance(_ found: [[Float]], _ expected: [[Double]]) -> Double {
  let (found, expected) = (found.flatMap { $0.map(Double.init) }, expected.flatMap { $0 })
  guard found.count == expected.count else { return .infinity }
  let largest = expected.map(abs).max() ?? 0
  // Not max(), for which a NaN can be less than a number.
  return zip(found, expected).reduce(0) { worst, pair in
    let error = abs(pair.0 - pair.1) / largest
    return error > worst || error.isNaN ? error : worst
  }
}

func distance(_ found: [[Float]], _ expected: [[Float]]) -> Double {
  distance(found, expected.map { $0.map(Double.init) })
}
