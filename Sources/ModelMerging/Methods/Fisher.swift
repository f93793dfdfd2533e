import Estimation
import LinearAlgebra
import Merging
import Parameters
import Reporting
import StatisticsFiles

/// `fisher`: every entry weighed by its diagonal Fisher.
package struct Fisher: MergeMethod {
  package static let declaration = MethodDeclaration(
    name: "fisher", summary: "every weight by its own Fisher information",
    source: "Matena & Raffel 2021, arXiv 2111.09832", statistics: { _ in ["fisher"] },
    settings: DiagonalFisherRule.settings,
    presets: [
      .init("matena-raffel", source: "Matena & Raffel, arXiv 2111.09832", DiagonalFisherRule.matenaRaffel.values)
    ],
    variants: [
      .init("Fisher, no norm", ["normalize": .word("none")]), .init("Fisher, norm per tensor"),
    ])

  private let rule: DiagonalFisherRule

  package init(_ settings: MethodSettings, models: Int) throws(MergingError) {
    rule = DiagonalFisherRule(settings)
    try rule.validate(models: models)
  }

  /// The merge by a rule, for methods of which it is a part.
  init(_ rule: DiagonalFisherRule) { self.rule = rule }

  package func prepare(_ inputs: MergeInputs) throws -> any MergePreparation {
    FisherPreparation(
      rule: rule, inputs: inputs,
      magnitudes: try zip(inputs.readers, inputs.names).map {
        try FisherMagnitudes($0, model: $1, of: inputs.parameters, withTraces: rule.normalize == .trace)
      })
  }
}

private struct FisherPreparation: MergePreparation {
  let rule: DiagonalFisherRule
  let inputs: MergeInputs
  /// How large each model's Fisher is, tensor by tensor.
  let magnitudes: [FisherMagnitudes]

  var magnitude: StatisticMagnitude? {
    StatisticMagnitude(name: "‖F‖", key: "fisher_norm", values: magnitudes.map(\.norm))
  }

  func merge(by coefficients: Coefficients) -> any ParameterMerge { FisherMerge(self, coefficients) }
}

/// A merge by full Fishers, which are read again at each parameter.
private final class FisherMerge: ParameterMerge {
  private let preparation: FisherPreparation
  private let coefficients: Coefficients
  private(set) var plainEntries = 0

  init(_ preparation: FisherPreparation, _ coefficients: Coefficients) {
    self.preparation = preparation
    self.coefficients = coefficients
  }

  func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    let inputs = preparation.inputs
    let parts = try inputs.models.indices.map { model in
      Part(
        theta: SourceEntries(parameter, in: inputs.models[model]),
        sums: StatisticEntries(parameter.name, in: inputs.readers[model], largest: MergePieces.tileElements),
        weighting: try preparation.rule.weighting(
          of: parameter.name, magnitudes: preparation.magnitudes[model], model: model, coefficients: coefficients))
    }
    for range in MergePieces.ranges(of: parameter.count) {
      try body(range) { plainEntries += try average(range, of: parameter, parts, into: $0) }
    }
  }

  /// One model's part of the merge of a parameter.
  private struct Part {
    let theta: SourceEntries
    let sums: StatisticEntries
    let weighting: FisherWeighting
  }

  /// Merges some entries, so few at a time that they stay in the cache. Gives how many got the plain average.
  private func average(
    _ range: Range<Int>, of parameter: Parameter, _ parts: [Part], into target: Vector<Float>
  ) throws -> Int {
    var plain = 0
    var merge = RunningMerge(
      tensor: parameter.name, count: min(MergePieces.tileElements, range.count), start: range.lowerBound)
    for tile in MergePieces.tiles(of: range) {
      if tile.lowerBound > range.lowerBound { merge.restart(count: tile.count, start: tile.lowerBound) }
      for part in parts {
        try merge.fold(try part.theta.view(tile), fisherSums: try part.sums.view(tile), weighting: part.weighting)
      }
      plain += try merge.finish(
        into: target[tile.lowerBound - range.lowerBound..<tile.upperBound - range.lowerBound],
        coefficients: coefficients
      ) { try parts[$0].theta.view(tile) }
    }
    return withExtendedLifetime(parts) { plain }
  }

  /// The root mean square of the full Fisher over the weights of each kind, over all layers.
  func illustrate(_ report: inout Report, tasks: [String]) {
    let weights = preparation.inputs.parameters.filter { $0.kind == .weight }
    var components: [Component] = []
    for weight in weights where !components.contains(weight.component) { components.append(weight.component) }
    let families = components.map { component in
      let tensors = weights.filter { $0.component == component }
      let count = Double(tensors.reduce(0) { $0 + $1.count })
      return Report.TensorImportance.Family(
        "\(component)",
        preparation.magnitudes.map { magnitude in
          let squares = tensors.reduce(0.0) { sum, tensor in
            let norm = magnitude.norm(of: tensor.name) ?? 0
            return sum + norm * norm
          }
          return (squares / count).squareRoot()
        })
    }
    report.tensorImportance = Report.TensorImportance(
      tasks: tasks, families: families, quantity: "root mean square of the Fisher information",
      caption: "By kind of weight, over all layers.")
  }
}

extension FisherMagnitudes {
  /// Reads a model's Fisher once.
  ///
  /// - Parameters:
  ///   - parameters: those that are merged.
  ///   - withTraces: whether the sums of all entries are needed too.
  fileprivate init(
    _ statistics: any StatisticReader, model: String, of parameters: [Parameter], withTraces: Bool
  ) throws {
    try self.init(model: model, exampleCount: statistics.examples)
    for parameter in parameters {
      let entries = StatisticEntries(parameter.name, in: statistics, largest: Self.pieceElements)
      try add(parameter) { take in
        for start in stride(from: 0, to: parameter.count, by: Self.pieceElements) {
          try take(try entries.view(start..<min(start + Self.pieceElements, parameter.count)))
        }
      }
      // Views do not keep their memory alive.
      withExtendedLifetime(entries) {}
      guard withTraces else { continue }
      let trace = try statistics.values(parameter.name + SecondMoment.traceSuffix, count: 1)[0]
      try add(trace: trace, of: parameter)
    }
  }

  /// Few enough to stay in the second-level cache where they have to be read.
  private static let pieceElements = 1 << 15
}

extension DiagonalFisherRule {
  fileprivate static let settings: [SettingDeclaration] = [
    .init("floor", SettingDeclaration.nonNegative, .number(standard.floor), "the least Fisher of an entry"),
    .init(
      "normalize",
      SettingDeclaration.words(of: Normalization.self) {
        switch $0 {
        case .none: "the Fishers as they are"
        case .global: "each model's divided by its L2 norm over all merged tensors"
        case .tensor: "each tensor's divided by its L2 norm"
        case .trace: "each model's divided by its sum over all merged tensors"
        }
      }, .word(standard.normalize.rawValue)),
    .init(
      "floor_order",
      SettingDeclaration.words(of: FloorOrder.self) {
        switch $0 {
        case .afterNormalizing: "the floor after the normalisation"
        case .beforeNormalizing: "the floor before it"
        }
      }, .word(standard.floorOrder.rawValue), "without effect for `normalize: none`"),
    .init(
      "floor_only", .model, nil,
      "the one model that gets the floor, so that entries which no data touch keep its values"),
  ]

  /// As settings; what a preset is made of.
  fileprivate var values: [String: SettingValue] {
    var values: [String: SettingValue] = [
      "floor": .number(floor), "normalize": .word(normalize.rawValue), "floor_order": .word(floorOrder.rawValue),
    ]
    values["floor_only"] = floorOnly.map { .model($0) }
    return values
  }

  init(_ settings: MethodSettings) {
    self.init(
      floor: settings.number("floor"), normalize: settings.word("normalize", as: Normalization.self),
      floorOrder: settings.word("floor_order", as: FloorOrder.self), floorOnly: settings.model("floor_only"))
  }
}
