import Encoders
import Estimation
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
  /// What is merged already, and takes the place of every model's own where layers take it as an input.
  let merged: [String: Buffer<Float>]

  package init(
    rule: RegMeanRule, coefficients: Coefficients, models: [StoredModel], statistics: [any StatisticReader],
    merged: [String: Buffer<Float>] = [:]
  ) {
    self.merged = merged
    self.rule = rule
    self.coefficients = coefficients
    self.models = models
    self.statistics = statistics
  }

  /// Merges the layers of one system into `solution`.
  ///
  /// - Parameter products: what ``products(of:)`` gave, if it is kept.
  package func solve(
    _ system: LinearSystem, products: [RegMeanProducts]? = nil, into solution: inout SolvedLayers
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

  /// How the rows of the word embeddings are averaged; nil for the plain average.
  package func tokenRows() throws -> SiteWeights? {
    guard rule.embeddings == .counts else { return nil }
    let tokens = models[0].configuration.vocabulary
    return try TokenRowWeights.weights(
      counts: try statistics.map { try $0.values(StatisticKind.tokenCountsTensor, count: tokens) },
      coefficients: coefficients)
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
      layers: system.layers.map { RegMeanLayer(tensor: $0.weight.name, outputs: $0.weight.shape[0]) },
      rule: system.rule(rule))
  }

  /// Calls `body` with a model's Gram matrix, which is read while it is used.
  ///
  /// Where the table of relative positions goes through the same layers as the tokens, its rows R are added as so many
  /// more rows as the rule's share of the tokens' number: G + s · rows / n_R · RᵀR.
  func withGram<Result>(of system: LinearSystem, model: Int, _ body: (GramStatistic) throws -> Result) throws -> Result
  {
    let name = coefficients.models[model]
    let table = system.readsTable ? try TableGram(of: models[model], replacing: merged) : nil
    guard let site = system.site else {
      guard let table else { preconditionFailure("an input is the examples' or a table") }
      return try withExtendedLifetime(table) {
        try body(
          GramStatistic(
            model: name, rows: Double(table.rows), columnSums: table.columnSums.vector, packed: table.packed.vector)
        )
      }
    }
    let reader = statistics[model]
    let columnSums = Buffer<Double>(count: system.inputs)
    try reader.read(site.sumName, 0..<system.inputs, into: columnSums.vector)
    let rows = Double(reader.count(of: site.rows))
    let added = table == nil ? 0 : rule.tableRows * rows
    let share = added / Double(table?.rows ?? 1)
    if let table { add(table.columnSums.vector, scaledBy: share, to: columnSums.vector) }
    return try withExtendedLifetime((columnSums, table)) {
      try body(
        GramStatistic(model: name, rows: rows + added, columnSums: columnSums.vector) {
          try reader.read(site.name, $0, into: $1)
          if let table { add(table.packed.vector[$0], scaledBy: share, to: $1) }
        })
    }
  }
}
