import LinearAlgebra
import Parameters

@testable import Merging

/// Random diagonal Fishers of K models and the formulas of METHODS.md, section 3, entry by entry in plain loops.
struct FisherOracle {
  let parameters = [
    Site.embeddings.parameter("words", count: 40),
    Site.layer(0, .query, .bias).parameter("query.bias", count: 12),
    Site.layer(0, .key, .bias).parameter("key.bias", count: 12),
    Site.layer(0, .value, .bias).parameter("value.bias", count: 12),
    Site.layer(0, .output, .weight).parameter("output.weight", count: 30),
  ]
  let lambda: [Double]
  let counts: [Int]
  /// [model][parameter].
  let theta: [[Tensor]]
  let sums: [[Sums]]

  init(models: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    lambda = (0..<models).map { _ in Double.random(in: 0.2...3, using: &random) }
    counts = (0..<models).map { 7 + 5 * $0 }
    var theta: [[Tensor]] = []
    var sums: [[Sums]] = []
    for model in 0..<models {
      let scale = [1, 40, 0.003][model % 3]
      theta.append(parameters.map { Tensor.random(rows: $0.count, &random) })
      sums.append(
        parameters.map { parameter in
          Sums(
            (0..<parameter.count).map { element in
              // Rows that no data touches, rows that one model's data touches, and the key bias that is noise.
              if parameter.name == "words", element < 10 || (element < 20 && model != 1) { return 0 }
              if parameter.name == "key.bias" { return 1e-34 * random.square() }
              return scale * random.square()
            })
        })
    }
    self.theta = theta
    self.sums = sums
  }

  func coefficients() throws -> Coefficients { try Coefficients(lambda, models: names(lambda.count)) }

  func magnitudes(_ model: Int) throws -> FisherMagnitudes {
    var magnitudes = try FisherMagnitudes(model: "model\(model)", exampleCount: counts[model])
    for (parameter, sums) in zip(parameters, sums[model]) {
      try magnitudes.add(parameter, sums: sums.vector)
      try magnitudes.add(trace: sums.array.reduce(0, +), of: parameter)
    }
    return magnitudes
  }

  /// The streamed merge of all parameters, one model after the other, and the numbers of plain entries.
  func merge(_ rule: DiagonalFisherRule) throws -> (tensors: [[Float]], plain: [Int]) {
    let coefficients = try coefficients()
    var running = parameters.map { RunningMerge(tensor: $0.name, count: $0.count) }
    for model in lambda.indices {
      let magnitudes = try magnitudes(model)
      for p in parameters.indices {
        let weighting = try rule.weighting(
          of: parameters[p].name, magnitudes: magnitudes, model: model, coefficients: coefficients)
        try running[p].fold(theta[model][p].vector, fisherSums: sums[model][p].vector, weighting: weighting)
      }
    }
    var tensors: [[Float]] = []
    var plain: [Int] = []
    for p in parameters.indices {
      let target = Tensor(rows: parameters[p].count)
      plain.append(
        try running[p].finish(into: target.vector, coefficients: coefficients, sources: theta.map { $0[p].vector }))
      tensors.append(target.array)
    }
    return (tensors, plain)
  }

  /// Σ_j λ_j F̃_j θ_j / Σ_j λ_j F̃_j of one entry.
  func merged(_ rule: DiagonalFisherRule, _ p: Int, _ element: Int) -> Float {
    var numerator = 0.0
    var denominator = 0.0
    for model in lambda.indices {
      let weight = lambda[model] * fisher(rule, model, p, element)
      numerator += weight * Double(theta[model][p].array[element])
      denominator += weight
    }
    if denominator == 0 {
      for model in lambda.indices {
        numerator += lambda[model] * Double(theta[model][p].array[element])
        denominator += lambda[model]
      }
    }
    return Float(numerator / denominator)
  }

  private func fisher(_ rule: DiagonalFisherRule, _ model: Int, _ p: Int, _ element: Int) -> Double {
    let count = Double(counts[model])
    var all = 0.0
    for tensor in sums[model] { for value in tensor.array { all += (value / count) * (value / count) } }
    var own = 0.0
    for value in sums[model][p].array { own += (value / count) * (value / count) }
    let isNoise = parameters[p].name == "key.bias"
    let norm =
      switch rule.normalize {
      case .none: 1.0
      case .global: all.squareRoot()
      case .tensor: isNoise ? 1.0 : own.squareRoot()
      case .trace: sums[model].reduce(0) { $0 + $1.array.reduce(0) { $0 + $1 / count } }
      }
    let floor = rule.floorOnly == nil || rule.floorOnly == model ? rule.floor : 0
    let mean = isNoise ? 0 : sums[model][p].array[element] / count
    return switch rule.floorOrder {
    case .afterNormalizing: max(mean / norm, floor)
    case .beforeNormalizing: max(mean, floor) / norm
    }
  }
}
