import Parameters
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
    parameters = sources[0].parameters.filter { !$0.isHead }
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

  /// Computes one merged parameter.
  func merge(_ parameter: Parameter, into target: Vector<Float>) throws {
    try forEachPiece(of: parameter) { range, merge in try merge(target[range]) }
  }

  /// Computes one merged parameter, some entries at a time, for a caller that has no room for all of them.
  ///
  /// - Parameter body: called with consecutive ranges of entries and a function that computes them into the memory it is given.
  func forEachPiece(
    of parameter: Parameter, _ body: (Range<Int>, _ merge: (Vector<Float>) throws -> Void) throws -> Void
  ) throws {
    switch rule {
    case .linear: try averages.forEachPiece(of: parameter, by: .linear(coefficients), body)
    case .regMean:
      guard let solved = solution?.values[parameter.name] else {
        return try averages.forEachPiece(of: parameter, by: .linear(coefficients), body)
      }
      try withExtendedLifetime(solved) {
        for range in Self.pieces(of: parameter.count) { try body(range) { copy(solved.vector[range], to: $0) } }
      }
    case .maskFisher(let rule):
      let weights =
        try maskWeights ?? MaskFisherWeights(measured.compactMap(\.masks), rule: rule, coefficients: coefficients)
      maskWeights = weights
      let site = try weights.weights(at: parameter.role)
      plainEntries += site.plainBlocks * (parameter.count / site.blockCount)
      try averages.forEachPiece(of: parameter, by: site, body)
    case .fisher(let rule):
      let inputs = try sources.indices.map { model in
        guard let magnitudes = measured[model].magnitudes else { fatalError("a Fisher that was not measured") }
        return FisherInput(
          theta: SourceEntries(parameter, in: sources[model]),
          sums: StatisticEntries(parameter.name, in: readers[model], largest: Self.tileElements),
          weighting: try rule.weighting(
            of: parameter.name, magnitudes: magnitudes, model: model, coefficients: coefficients))
      }
      for range in Self.pieces(of: parameter.count) {
        try body(range) { plainEntries += try average(range, of: parameter, inputs, into: $0) }
      }
    }
  }

  /// One model's part of a merge by full Fishers.
  private struct FisherInput {
    let theta: SourceEntries
    let sums: StatisticEntries
    let weighting: FisherWeighting
  }

  /// Merges some entries by full Fishers, so few at a time that they stay in the cache. Gives how many got the plain average.
  private func average(
    _ range: Range<Int>, of parameter: Parameter, _ inputs: [FisherInput], into target: Vector<Float>
  ) throws -> Int {
    var plain = 0
    var merge = RunningMerge(
      tensor: parameter.name, count: min(Self.tileElements, range.count), start: range.lowerBound)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.tileElements) {
      let tile = start..<min(start + Self.tileElements, range.upperBound)
      if start > range.lowerBound { merge.restart(count: tile.count, start: start) }
      for input in inputs {
        try merge.fold(
          try input.theta.view(tile), fisherSums: try input.sums.view(tile), weighting: input.weighting)
      }
      plain += try merge.finish(
        into: target[start - range.lowerBound..<tile.upperBound - range.lowerBound], coefficients: coefficients
      ) { try inputs[$0].theta.view(tile) }
    }
    return withExtendedLifetime(inputs) { plain }
  }

  private static func pieces(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: pieceElements).map { $0..<min($0 + pieceElements, count) }
  }

  /// A megabyte of Float: as much as is written at a time.
  static let pieceElements = 1 << 18
  private static let tileElements = 1 << 14

  /// What the closing table says of a model's statistic.
  var magnitudeName: String {
    switch rule {
    case .maskFisher: "u"
    case .fisher: "‖F‖"
    case .linear, .regMean: ""
    }
  }
}
