import Encoders

/// The memory that a run will need at most, beside what processes share by mapping files; see ``Forecast``.
package struct MemoryDemand: Sendable, Equatable {
  /// Bytes of a rank's own.
  package var perRank = 0
  /// Bytes of sums, or of the activations that all of a host's ranks keep together, once for each host.
  package var perHost = 0
  /// Further bytes on the root.
  package var onRoot = 0

  /// Of a plan's models and their forecasts.
  init(_ forecasts: [Forecast], _ solves: SolveForecast?, _ heads: HeadForecast?) {
    perRank = max(
      forecasts.map(\.memoryPerRank).max() ?? 0, solves?.memoryPerRank ?? 0, heads?.memoryPerRank ?? 0)
    perHost = max(forecasts.map(\.messageBytes).max() ?? 0, solves?.activationBytes ?? 0)
    onRoot = forecasts.map(\.memoryOnRoot).max() ?? 0
  }

  /// - Parameter models: the plan's, opened.
  package init(_ plan: Plan, _ models: [StoredModel]) {
    let converted = models.map(\.convertedBytes)
    self.init(
      zip(plan.models, converted).map { Forecast($0, plan: plan, convertedBytes: $1) },
      SolveForecast(plan, convertedBytes: converted), HeadForecast(plan, convertedBytes: converted))
  }

  package init(perRank: Int, perHost: Int, onRoot: Int) {
    (self.perRank, self.perHost, self.onRoot) = (perRank, perHost, onRoot)
  }
}
