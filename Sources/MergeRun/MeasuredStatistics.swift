import Encoders
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
        headSums: try statistics.values("head_mask", count: c.layers * c.heads),
        neuronSums: try statistics.values("neuron_mask", count: c.layers * c.intermediate),
        exampleCount: statistics.examples)
    case .fisher:
      let values = Buffer<Double>(count: parameters.map(\.count).max() ?? 0)
      // Views do not keep their memory alive.
      defer { withExtendedLifetime(values) {} }
      var found = try FisherMagnitudes(model: planned.name, exampleCount: statistics.examples)
      for parameter in parameters {
        let sums = values.vector[0..<parameter.count]
        try statistics.read(parameter.name, 0..<parameter.count, into: sums)
        try found.add(parameter.name, at: parameter.mergeSite, sums: sums)
      }
      magnitudes = found
    }
    self.masks = masks
    self.magnitudes = magnitudes
  }

  /// One number for how large the statistic is: u of the masks, ‖F‖ of a full Fisher.
  var magnitude: Double? { masks.map { MaskFisherMeans($0).overall } ?? magnitudes?.norm }
}
