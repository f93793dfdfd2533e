import Encoders
import LinearAlgebra
import Merging
import StatisticsFiles

/// RegMean's linear layers, system by system, on one rank. Not collective.
package struct RegMeanMerge {
  let rule: RegMeanRule
  let coefficients: Coefficients
  package let models: [StoredModel]
  /// One for each model.
  let statistics: [any StatisticReader]

  package init(
    rule: RegMeanRule, coefficients: Coefficients, models: [StoredModel], statistics: [any StatisticReader]
  ) {
    self.rule = rule
    self.coefficients = coefficients
    self.models = models
    self.statistics = statistics
  }

  /// Merges the layers of one system into `solution`.
  ///
  /// - Parameter products: what ``products(of:)`` gave, if it is kept.
  package func solve(
    _ system: LinearSystem, products: [RegMeanProducts]? = nil, into solution: inout RegMeanSolution
  ) throws {
    let solver = try solver(of: system)
    for (index, model) in models.enumerated() {
      let source = try LinearSource(system, of: model)
      try withExtendedLifetime(source) {
        try withGram(of: system, model: index) {
          let coefficient = coefficients.values[index]
          if let products {
            try solver.add($0, parameters: source.parameters, products: products[index], coefficient: coefficient)
          } else {
            try solver.add($0, parameters: source.parameters, coefficient: coefficient)
          }
        }
      }
    }
    let buffers = system.layers.map {
      (weight: Buffer<Float>(count: $0.weight.count), bias: $0.bias.map { Buffer<Float>(count: $0.count) })
    }
    solution.reports.append(
      try solver.solve(
        into: zip(system.layers, buffers).map { layer, buffer in
          LinearParameters(
            weight: buffer.weight.vector.matrix(rows: layer.weight.shape[0], columns: layer.weight.shape[1]),
            bias: buffer.bias?.vector)
        }))
    for (layer, buffer) in zip(system.layers, buffers) {
      solution.values[layer.weight.name] = buffer.weight
      if let bias = layer.bias { solution.values[bias.name] = buffer.bias }
    }
  }

  /// What does not depend on λ, for each model.
  func products(of system: LinearSystem) throws -> [RegMeanProducts] {
    let solver = try solver(of: system)
    return try models.enumerated().map { index, model in
      let source = try LinearSource(system, of: model)
      return try withExtendedLifetime(source) {
        try withGram(of: system, model: index) { try solver.products(of: $0, parameters: source.parameters) }
      }
    }
  }

  private func solver(of system: LinearSystem) throws -> RegMeanSystem {
    try RegMeanSystem(
      inputs: system.inputs,
      layers: system.layers.map { RegMeanLayer(tensor: $0.weight.name, outputs: $0.weight.shape[0]) }, rule: rule)
  }

  /// Calls `body` with a model's Gram matrix, which is read while it is used.
  func withGram<Result>(of system: LinearSystem, model: Int, _ body: (GramStatistic) throws -> Result) throws -> Result
  {
    let reader = statistics[model]
    let columnSums = Buffer<Double>(count: system.inputs)
    try reader.read(system.site.sumName, 0..<system.inputs, into: columnSums.vector)
    let rows = reader.count(of: system.site.rows)
    return try withExtendedLifetime(columnSums) {
      try body(
        GramStatistic(model: coefficients.models[model], rows: rows, columnSums: columnSums.vector) {
          try reader.read(system.site.name, $0, into: $1)
        })
    }
  }
}
