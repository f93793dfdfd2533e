import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Merging

/// The merge as it grows: takes one model's statistics after another, then gives the merged parameters one by one.
///
/// Memory does not grow with the number of models: full Fishers are folded into running sums, masks are small, and sources are read
/// where they are mapped. Lives on the root. Not collective.
final class MergedParameters {
  let plan: Plan
  private let sources: [StoredModel]
  let coefficients: Coefficients
  /// The merged parameters, in the order of the data flow.
  let parameters: [Parameter]
  private var masks: [MaskFisherSums] = []
  private var maskWeights: MaskFisherWeights?
  private var running: [String: RunningMerge] = [:]
  private var magnitudes: [FisherMagnitudes] = []
  /// RegMean's linear layers, once they are solved.
  var solution: RegMeanSolution?
  /// How many entries got the plain average because no model had a weight there.
  private(set) var plainEntries = 0

  init(planner: Planner) {
    plan = planner.plan
    sources = planner.sources.map(\.model)
    parameters = sources[0].parameters.filter { !$0.component.isHead }
    // The planner has checked the weights.
    guard
      let coefficients = try? Coefficients(
        planner.plan.models.map(\.weight), models: planner.plan.models.map(\.name))
    else { fatalError("the planner let invalid weights pass") }
    self.coefficients = coefficients
    if plan.method == .fisher {
      for parameter in parameters {
        running[parameter.name] = RunningMerge(tensor: parameter.name, count: parameter.count)
      }
    }
  }

  /// Takes one model's statistics; models come in recipe order.
  func fold(_ statistics: some StatisticReader, model index: Int) throws {
    let planned = plan.models[index]
    switch plan.rule {
    case .linear, .regMean: break
    case .maskFisher:
      let c = planned.configuration
      masks.append(
        try MaskFisherSums(
          model: planned.name, layers: c.layers, heads: c.heads, neurons: c.intermediate,
          headSums: try statistics.values("head_mask", count: c.layers * c.heads),
          neuronSums: try statistics.values("neuron_mask", count: c.layers * c.intermediate),
          exampleCount: statistics.examples))
    case .fisher(let rule): try fold(statistics, by: rule, model: index)
    }
  }

  private func fold(_ statistics: some StatisticReader, by rule: DiagonalFisherRule, model index: Int) throws {
    let largest = parameters.map(\.count).max() ?? 0
    let values = Buffer<Double>(count: largest)
    // Views do not keep their memory alive.
    defer { withExtendedLifetime(values) {} }
    func read(_ parameter: Parameter) throws -> Vector<Double> {
      let out = values.vector[0..<parameter.count]
      try statistics.read(parameter.name, 0..<parameter.count, into: out)
      return out
    }
    var magnitude = try FisherMagnitudes(model: plan.models[index].name, exampleCount: statistics.examples)
    for parameter in parameters {
      try magnitude.add(parameter.name, at: parameter.mergeSite, sums: try read(parameter))
    }
    var scratch = SourceScratch(count: largest)
    defer { withExtendedLifetime(scratch) {} }
    for parameter in parameters {
      let weighting = try rule.weighting(
        of: parameter.name, magnitudes: magnitude, model: index, coefficients: coefficients)
      try running[parameter.name]?.fold(
        try scratch.view(of: parameter, in: sources[index]), fisherSums: try read(parameter), weighting: weighting)
    }
    magnitudes.append(magnitude)
  }

  /// Computes one merged parameter.
  func merge(_ parameter: Parameter, into target: Vector<Float>) throws {
    switch plan.rule {
    case .linear: try average(parameter, by: .linear(coefficients), into: target)
    case .regMean:
      guard let solved = solution?.values.removeValue(forKey: parameter.name) else {
        return try average(parameter, by: .linear(coefficients), into: target)
      }
      withExtendedLifetime(solved) { copy(solved.vector, to: target) }
    case .maskFisher(let rule):
      let weights = try maskWeights ?? MaskFisherWeights(masks, rule: rule, coefficients: coefficients)
      maskWeights = weights
      let site = try weights.weights(at: parameter.mergeSite)
      plainEntries += site.plainBlocks * (parameter.count / site.blockCount)
      try average(parameter, by: site, into: target)
    case .fisher:
      var scratch = SourceScratch(count: parameter.count)
      defer { withExtendedLifetime(scratch) {} }
      plainEntries +=
        try running[parameter.name]?.finish(into: target, coefficients: coefficients) { model in
          try scratch.view(of: parameter, in: sources[model])
        } ?? 0
      running[parameter.name] = nil
    }
  }

  /// The weighted average over all sources, in pieces of whole rows (and of whole heads or neurons), so that the converted copies of
  /// many models stay small.
  private func average(_ parameter: Parameter, by weights: SiteWeights, into target: Vector<Float>) throws {
    let rows = parameter.shape[0]
    let columns = parameter.count / max(1, rows)
    let rowsPerBlock = weights.axis == .rows ? rows / weights.blockCount : 1
    let pieceRows = max(1, min(rows, Self.pieceElements / max(1, columns)) / rowsPerBlock) * rowsPerBlock
    let copies = sources.map { source in
      source.tensor(parameter).vector == nil ? Buffer<Float>(count: pieceRows * columns) : nil
    }
    defer { withExtendedLifetime(copies) {} }
    for start in stride(from: 0, to: rows, by: pieceRows) {
      let end = min(rows, start + pieceRows)
      let range = start * columns..<end * columns
      var views: [Matrix<Float>] = []
      for (source, copy) in zip(sources, copies) {
        let tensor = source.tensor(parameter)
        if let copy {
          try tensor.copy(elements: range, into: copy.vector[0..<range.count])
          views.append(copy.vector[0..<range.count].matrix(rows: end - start, columns: columns))
        } else if let vector = tensor.vector {
          views.append(vector[range].matrix(rows: end - start, columns: columns))
        }
      }
      let piece = weights.axis == .rows ? weights.blocks(start / rowsPerBlock..<end / rowsPerBlock) : weights
      try piece.average(
        views, into: target[range].matrix(rows: end - start, columns: columns), tensor: parameter.name)
    }
  }

  private static let pieceElements = 1 << 18

  /// What the closing table says of a model's statistic, and its heading.
  var magnitudeName: String { plan.method == .maskFisher ? "u" : plan.method == .fisher ? "‖F‖" : "" }

  func magnitude(of model: Int) -> Double? {
    if masks.indices.contains(model) { return MaskFisherMeans(masks[model]).overall }
    return magnitudes.indices.contains(model) ? magnitudes[model].norm : nil
  }
}

/// A source's parameter in single precision: where it is mapped, or converted into one buffer that serves all.
private struct SourceScratch {
  private let buffer: Buffer<Float>

  init(count: Int) { buffer = Buffer(count: count) }

  mutating func view(of parameter: Parameter, in model: StoredModel) throws -> Vector<Float> {
    let tensor = model.tensor(parameter)
    if let vector = tensor.vector { return vector }
    let copy = buffer.vector[0..<parameter.count]
    try tensor.copy(into: copy)
    return copy
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
