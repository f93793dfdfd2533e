import Checkpoints
import Estimation
import Merging
import ModelMerging

/// A golden merge of the models `two`, `three` and `five`, and the settings that ask for it.
package struct GoldenMerge: Sendable, CustomStringConvertible {
  package let file: String
  package let method: String
  package var values: [String: SettingValue] = [:]
  package var weights = [0.2, 0.5, 1.0]
  package var description: String { file }

  package init(
    file: String, method: String, values: [String: SettingValue] = [:], weights: [Double] = [0.2, 0.5, 1.0]
  ) {
    (self.file, self.method, self.values, self.weights) = (file, method, values, weights)
  }

  package static let linear = [
    GoldenMerge(file: "linear.uniform", method: "linear", weights: [1, 1, 1]),
    GoldenMerge(file: "linear.weighted", method: "linear"),
  ]

  package static let fisher = ["none", "global", "tensor"].flatMap { normalize in
    let values: [String: SettingValue] = ["normalize": .word(normalize), "floor": .number(1e-6)]
    return [
      GoldenMerge(file: "fisher.\(normalize).weighted", method: "fisher", values: values),
      GoldenMerge(file: "fisher.\(normalize).uniform", method: "fisher", values: values, weights: [1, 1, 1]),
    ]
  }

  package static let masks = [("paper", "none"), ("paper", "model"), ("structural", "none"), ("structural", "model")]
    .map {
      GoldenMerge(
        file: "mask-fisher.\($0).\($1).weighted", method: "mask_fisher",
        values: ["rule": .word($0), "normalize": .word($1), "token_nodes": .flag(false)])
    }

  package static let names = ["two", "three", "five"]

  private var declaration: MethodDeclaration {
    get throws {
      guard let found = MergeMethods.declarations.first(where: { $0.name == method }) else {
        throw MissingGolden(name: method)
      }
      return found
    }
  }

  /// The statistic that the method weighs models by.
  package var statistic: StatisticKind? {
    get throws { try declaration.usualStatistics.first.flatMap { StatisticKind(named: $0) } }
  }

  /// The method with its settings.
  package func make() throws -> any MergeMethod {
    try MergeMethods.make(MethodSettings(try declaration, values), models: weights.count)
  }

  package func coefficients(_ names: [String] = names) throws -> Coefficients {
    try Coefficients(weights, models: names, try declaration.weights)
  }
}

/// Which arithmetic the statistics of a test come from.
package enum StatisticSource: Sendable, CaseIterable { case double, single }

/// The worst |found − golden| over all entries, as a multiple of what is allowed: a rounding to Float, and `spread`
/// times the distance between the sources' values of that entry, which is how errors of the weights come through.
package func worstMergeError(
  _ found: [String: [Float]], _ golden: String, spread: Double
) throws -> (Double, String) {
  let file = try Reference.golden(golden)
  guard Set(file.tensors.map(\.name)) == Set(found.keys) else { throw MissingGolden(name: "the tensors of \(golden)") }
  let sources = try GoldenMerge.names.map {
    try SafetensorsFile(path: Reference.directory.appending("models/\($0)/model.safetensors"))
  }
  var worst = (0.0, "")
  for (name, values) in found {
    let expected = try file.values(name)
    let originals = try sources.map { try $0.values(name) }
    guard expected.count == values.count else { throw MissingGolden(name: "\(name) of that size") }
    for index in values.indices {
      let entries = originals.map { $0[index] }
      let distance = (entries.max() ?? 0) - (entries.min() ?? 0)
      let allowed = 0x1p-24 * abs(expected[index]) + spread * distance + .leastNormalMagnitude
      let error = abs(Double(values[index]) - expected[index]) / allowed
      if !(error <= worst.0) { worst = (error, "\(name)[\(index)]") }
    }
  }
  return worst
}
