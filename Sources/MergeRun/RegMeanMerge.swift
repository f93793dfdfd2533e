import Encoders
import Estimation
import LinearAlgebra
import Merging

/// The linear layers that share an input: query, key and value of a layer, or one layer alone.
struct LinearSystem: Sendable {
  let site: GramSite
  /// Every layer's weight and bias, in the order of the data flow.
  let layers: [(weight: Parameter, bias: Parameter)]

  /// All systems of the merged encoder, in the order of the data flow.
  static func all(of parameters: [Parameter], _ configuration: EncoderConfiguration, rule: RegMeanRule)
    -> [LinearSystem]
  {
    GramSite.all(of: configuration, includingClassifier: false)
      .filter { rule.pooler == .regmean || $0.place != .pooler }
      .map { site in
        func parameter(_ component: Component, _ kind: Parameter.Kind) -> Parameter {
          let found = parameters.first { $0.component == component && $0.layer == site.layer && $0.kind == kind }
          guard let found else { fatalError("no \(component) in the encoder") }
          return found
        }
        return LinearSystem(
          site: site, layers: site.place.components.map { (parameter($0, .weight), parameter($0, .bias)) })
      }
  }

  var inputs: Int { layers[0].weight.shape[1] }
  var outputs: Int { layers.reduce(0) { $0 + $1.weight.shape[0] } }

  /// The floating-point operations of merging K models.
  func operations(models: Int) -> Double {
    RegMeanSystem.operations(inputs: inputs, outputs: outputs, models: models)
  }
}

/// Merged linear layers, and how each system was solved.
struct RegMeanSolution {
  /// By the parameter's name.
  var values: [String: Buffer<Float>] = [:]
  var reports: [RegMeanReport] = []
}

/// RegMean's linear layers, system by system, on one rank. Not collective.
struct RegMeanMerge {
  let rule: RegMeanRule
  let coefficients: Coefficients
  let models: [StoredModel]
  /// One for each model.
  let statistics: [any StatisticReader]

  /// Merges the layers of one system into `solution`.
  func solve(_ system: LinearSystem, into solution: inout RegMeanSolution) throws {
    let solver = try RegMeanSystem(
      inputs: system.inputs,
      layers: system.layers.map { RegMeanLayer(tensor: $0.weight.name, outputs: $0.weight.shape[0]) }, rule: rule)
    for (index, model) in models.enumerated() {
      let source = try LinearSource(system, of: model)
      try withExtendedLifetime(source) {
        try withGram(of: system, model: index) {
          try solver.add($0, parameters: source.parameters, coefficient: coefficients.values[index])
        }
      }
    }
    let buffers = system.layers.map {
      (weight: Buffer<Float>(count: $0.weight.count), bias: Buffer<Float>(count: $0.bias.count))
    }
    solution.reports.append(
      try solver.solve(
        into: zip(system.layers, buffers).map { layer, buffer in
          LinearParameters(
            weight: buffer.weight.vector.matrix(rows: layer.weight.shape[0], columns: layer.weight.shape[1]),
            bias: buffer.bias.vector)
        }))
    for (layer, buffer) in zip(system.layers, buffers) {
      solution.values[layer.weight.name] = buffer.weight
      solution.values[layer.bias.name] = buffer.bias
    }
  }

  /// Calls `body` with a model's Gram matrix, which is read while it is used.
  func withGram<Result>(of system: LinearSystem, model: Int, _ body: (GramStatistic) throws -> Result) throws -> Result
  {
    let reader = statistics[model]
    let columnSums = Buffer<Double>(count: system.inputs)
    try reader.read(system.site.sumName, 0..<system.inputs, into: columnSums.vector)
    let rows = system.site.layer == nil ? reader.examples : reader.tokens
    return try withExtendedLifetime(columnSums) {
      try body(
        GramStatistic(model: coefficients.models[model], rows: rows, columnSums: columnSums.vector) {
          try reader.read(system.site.name, $0, into: $1)
        })
    }
  }
}

/// A source's linear layers in single precision: where they are mapped, or converted. Keep it as long as its views are used.
final class LinearSource {
  let parameters: [LinearParameters]
  private let owners: [AnyObject]

  init(_ system: LinearSystem, of model: StoredModel) throws {
    var owners: [AnyObject] = [model.files.files[0].mapped]
    func view(_ parameter: Parameter) throws -> Vector<Float> {
      let tensor = model.tensor(parameter)
      if let vector = tensor.vector {
        owners.append(tensor.file)
        return vector
      }
      let copy = Buffer<Float>(count: parameter.count)
      try tensor.copy(into: copy.vector)
      owners.append(copy)
      return copy.vector
    }
    parameters = try system.layers.map { layer in
      LinearParameters(
        weight: try view(layer.weight).matrix(rows: layer.weight.shape[0], columns: layer.weight.shape[1]),
        bias: try view(layer.bias))
    }
    self.owners = owners
  }
}
