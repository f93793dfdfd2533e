import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Merging

/// The merged parameters, one by one, from statistics and sources that are read where they are mapped: memory is the same for any
/// number of models. Not collective.
final class MergedParameters {
  let rule: MergeRule
  let coefficients: Coefficients
  /// The merged parameters, in the order of the data flow.
  let parameters: [Parameter]
  private let models: [PlannedModel]
  private let sources: [StoredModel]
  private let averages: AveragedParameters
  /// Of the models, in recipe order.
  private(set) var measured: [MeasuredStatistics] = []
  /// Where full Fishers are read from at each parameter.
  private var readers: [any StatisticReader] = []
  private var maskWeights: MaskFisherWeights?
  /// RegMean's linear layers, once they are solved.
  var solution: RegMeanSolution?
  /// How many entries got the plain average because no model had a weight there.
  private(set) var plainEntries = 0

  /// A merge by a rule that needs no statistics here.
  ///
  /// - Throws: ``MergingError`` for coefficients that no average can have.
  init(plan: Plan, sources: [StoredModel]) throws(MergingError) {
    rule = plan.rule
    models = plan.models
    coefficients = try Coefficients(plan.models.map(\.weight), models: plan.models.map(\.name))
    self.sources = sources
    averages = AveragedParameters(sources: sources)
    parameters = sources[0].parameters.filter { !$0.component.isHead }
  }

  /// A merge by statistics, which are read where they are.
  ///
  /// - Parameters:
  ///   - readers: one for each model, in recipe order.
  ///   - measured: what was measured of them, if it was; else they are read once more than the merge needs.
  convenience init(
    plan: Plan, sources: [StoredModel], readers: [any StatisticReader], measured: [MeasuredStatistics]? = nil
  ) throws {
    try self.init(plan: plan, sources: sources)
    self.readers = readers
    self.measured =
      try measured
      ?? zip(readers, models).map { try MeasuredStatistics($0, of: $1, rule: rule, parameters: parameters) }
  }

  private func fold(
    _ statistics: any StatisticReader, model index: Int, _ parameter: Parameter, into merge: inout RunningMerge,
    _ values: Buffer<Double>
  ) throws {
    guard case .fisher(let rule) = rule, let magnitudes = measured[index].magnitudes else { return }
    let sums = values.vector[0..<parameter.count]
    try statistics.read(parameter.name, 0..<parameter.count, into: sums)
    let weighting = try rule.weighting(
      of: parameter.name, magnitudes: magnitudes, model: index, coefficients: coefficients)
    let scratch = SourceScratch()
    try merge.fold(try scratch.view(of: parameter, in: sources[index]), fisherSums: sums, weighting: weighting)
    withExtendedLifetime((scratch, values)) {}
  }

  /// Computes one merged parameter.
  func merge(_ parameter: Parameter, into target: Vector<Float>) throws {
    switch rule {
    case .linear: try averages.average(parameter, by: .linear(coefficients), into: target)
    case .regMean:
      guard let solved = solution?.values[parameter.name] else {
        return try averages.average(parameter, by: .linear(coefficients), into: target)
      }
      withExtendedLifetime(solved) { copy(solved.vector, to: target) }
    case .maskFisher(let rule):
      let weights =
        try maskWeights ?? MaskFisherWeights(measured.compactMap(\.masks), rule: rule, coefficients: coefficients)
      maskWeights = weights
      let site = try weights.weights(at: parameter.mergeSite)
      plainEntries += site.plainBlocks * (parameter.count / site.blockCount)
      try averages.average(parameter, by: site, into: target)
    case .fisher:
      var merge = try read(parameter)
      let scratch = SourceScratch()
      defer { withExtendedLifetime(scratch) {} }
      plainEntries += try merge.finish(into: target, coefficients: coefficients) { model in
        try scratch.view(of: parameter, in: sources[model])
      }
    }
  }

  /// The running sums of one parameter from all readers.
  private func read(_ parameter: Parameter) throws -> RunningMerge {
    var merge = RunningMerge(tensor: parameter.name, count: parameter.count)
    let values = Buffer<Double>(count: parameter.count)
    for (index, reader) in readers.enumerated() { try fold(reader, model: index, parameter, into: &merge, values) }
    return merge
  }

  /// What the closing table says of a model's statistic.
  var magnitudeName: String {
    switch rule {
    case .maskFisher: "u"
    case .fisher: "‖F‖"
    case .linear, .regMean: ""
    }
  }
}

/// A source's parameter in single precision: where it is mapped, or converted into one buffer that serves all. Keep it while its
/// view is used.
private final class SourceScratch {
  private var buffer: Buffer<Float>?

  func view(of parameter: Parameter, in model: StoredModel) throws -> Vector<Float> {
    let tensor = model.tensor(parameter)
    if let vector = tensor.vector { return vector }
    let copy = buffer.flatMap { $0.count == parameter.count ? $0 : nil } ?? Buffer<Float>(count: parameter.count)
    buffer = copy
    try tensor.copy(into: copy.vector)
    return copy.vector
  }
}

extension Parameter {
  /// Where the merging rules place this parameter.
  var mergeSite: MergeSite {
    let kind: MergeSite.Parameter = kind == .weight ? .weight : .bias
    let layer = layer ?? 0
    switch component {
    case .wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings, .embeddingNorm: return .embeddings
    case .query: return .layer(layer, .query, kind)
    case .key: return .layer(layer, .key, kind)
    case .value: return .layer(layer, .value, kind)
    case .attentionOutput: return .layer(layer, .attentionOutput, kind)
    case .attentionNorm: return .layer(layer, .attentionNorm, kind)
    case .intermediate: return .layer(layer, .intermediate, kind)
    case .output: return .layer(layer, .output, kind)
    case .outputNorm: return .layer(layer, .outputNorm, kind)
    case .pooler: return .pooler
    case .classifier: fatalError("the head is not merged")
    }
  }
}
