import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters
import StatisticsFiles

/// The linear layers of a merge by Kronecker factors, system by system, on one rank. Not collective.
///
/// Solved are the layers that read examples. Those that read a table of relative positions beside them are solved on
/// the examples' inputs alone.
struct KFACMerge {
  let rule: KFACRule
  let coefficients: Coefficients
  let models: [StoredModel]
  /// One for each model, with Gram matrices of inputs and of output gradients.
  let statistics: [any StatisticReader]

  /// Where the iteration starts: RegMean with the Gram matrices as they are.
  private static let start = RegMeanRule(offDiagonal: 1, embeddings: .mean, tableRows: 0)

  /// All layers' weights, without their biases.
  func solve() throws -> SolvedLayers {
    let parameters = models[0].mergedParameters
    let sites = OutputSite.all(of: parameters)
    let regmean = RegMeanMerge(rule: Self.start, coefficients: coefficients, models: models, statistics: statistics)
    var solution = SolvedLayers()
    for system in LinearSystem.all(of: parameters, rule: Self.start) {
      guard let inputs = system.site else { continue }
      var found = SolvedLayers()
      try regmean.solve(system, into: &found)
      let solver = KFACSystem(rule, inputs: system.inputs, coefficients: coefficients)
      for (model, reader) in statistics.enumerated() {
        try solver.add(model: model, tensor: system.layers[0].weight.name) {
          try reader.readTriangle(inputs.name, into: $0)
        }
      }
      for (place, layer) in system.layers.enumerated() {
        let weight = layer.weight
        guard let values = found.values[weight.name] else { preconditionFailure("RegMean solves for every layer") }
        let target = values.vector.matrix(rows: weight.shape[0], columns: weight.shape[1])
        for site in sites where (site.component, site.layer) == (weight.component, weight.layer) {
          let iteration = try solve(solver, system, place, site, target)
          solution.reports.append(
            SolveReport(
              tensors: [weight.name], ridge: found.reports[0].ridge, condition: found.reports[0].condition,
              deadInputs: place == 0 && site.firstOutput == 0 ? found.reports[0].deadInputs : 0, iteration: iteration))
        }
        solution.values[weight.name] = values
      }
    }
    return solution
  }

  /// Solves for a layer, or for one of several in a tensor.
  ///
  /// - Parameter target: the whole tensor.
  private func solve(
    _ solver: KFACSystem, _ system: LinearSystem, _ place: Int, _ site: OutputSite, _ target: Matrix<Float>
  ) throws -> SolveReport.Iteration {
    let outputs = site.firstOutput..<site.firstOutput + site.outputs
    let sources = try models.map { try LinearSource(system, of: $0) }
    return try withExtendedLifetime(sources) {
      try solver.solve(
        system.layers[place].weight.name, sources: sources.map { $0.parameters[place].weight.rows(outputs) },
        target: target.rows(outputs)
      ) { try statistics[$0].readTriangle(site.gramName, into: $1) }
    }
  }
}

extension StatisticReader {
  /// Reads a packed triangle into the upper triangle of a square matrix.
  fileprivate func readTriangle(_ name: String, into target: Matrix<Double>) throws {
    let layout = PackedTriangle(order: target.rows)
    for row in 0..<target.rows {
      try read(name, layout.range(ofRow: row), into: target.row(row)[row..<target.columns])
    }
  }
}
