import Parameters
import Encoders
import Estimation
import LinearAlgebra
import Merging

/// What a rule needs to know of one model's statistics as a whole before it weighs a parameter. Does not depend on λ.
struct MeasuredStatistics {
  /// For `mask_fisher`: all of them.
  let masks: MaskFisherSums?
  /// For `fisher`: how large they are.
  let magnitudes: FisherMagnitudes?

  /// Reads the statistics once.
  ///
  /// - Parameter parameters: those that are merged.
  init(_ statistics: any StatisticReader, of planned: PlannedModel, rule: MergeRule, parameters: [Parameter]) throws {
    var masks: MaskFisherSums?
    var magnitudes: FisherMagnitudes?
    switch rule {
    case .linear, .regMean: break
    case .maskFisher:
      let c = planned.configuration
      masks = try MaskFisherSums(
        model: planned.name, layers: c.layers, heads: c.heads, neurons: c.intermediate,
        headSums: try statistics.values(MaskFisherTensor.heads.rawValue, count: c.layers * c.heads),
        neuronSums: try statistics.values(MaskFisherTensor.neurons.rawValue, count: c.layers * c.intermediate),
        exampleCount: statistics.examples)
    case .fisher:
      var found = try FisherMagnitudes(model: planned.name, exampleCount: statistics.examples)
      for parameter in parameters {
        let entries = StatisticEntries(parameter.name, in: statistics, largest: Self.pieceElements)
        try found.add(parameter) { take in
          for start in stride(from: 0, to: parameter.count, by: Self.pieceElements) {
            try take(try entries.view(start..<min(start + Self.pieceElements, parameter.count)))
          }
        }
        // Views do not keep their memory alive.
        withExtendedLifetime(entries) {}
      }
      magnitudes = found
    }
    self.masks = masks
    self.magnitudes = magnitudes
  }

  /// Few enough to stay in the second-level cache where they have to be read.
  private static let pieceElements = 1 << 15

  /// One number for how large the statistic is: u of the masks, ‖F‖ of a full Fisher.
  var magnitude: Double? { masks.map { MaskFisherMeans($0).overall } ?? magnitudes?.norm }
}
