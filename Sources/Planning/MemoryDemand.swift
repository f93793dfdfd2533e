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
  ///
  /// - Parameter limit: what a rank may keep of activations; nil for all.
  init(_ forecasts: [Forecast], _ solves: SolveForecast?, _ heads: HeadForecast?, activationBytes limit: Int? = nil) {
    let activations = solves?.activationBytes ?? 0
    perRank = max(
      forecasts.map(\.memoryPerRank).max() ?? 0, (solves?.memoryPerRank ?? 0) + min(limit ?? 0, activations),
      heads?.memoryPerRank ?? 0)
    perHost = max(forecasts.map(\.messageBytes).max() ?? 0, limit == nil ? activations : 0)
    onRoot = forecasts.map(\.memoryOnRoot).max() ?? 0
  }

  /// - Parameters:
  ///   - models: the plan's, opened.
  ///   - activationBytes: what a rank may keep of activations; nil for all.
  package init(_ plan: Plan, _ models: [StoredModel], activationBytes: Int? = nil) {
    let converted = models.map(\.convertedBytes)
    self.init(
      zip(plan.models, converted).map { Forecast($0, plan: plan, convertedBytes: $1) },
      SolveForecast(plan, convertedBytes: converted), HeadForecast(plan, convertedBytes: converted),
      activationBytes: activationBytes)
  }

  package init(perRank: Int, perHost: Int, onRoot: Int) {
    (self.perRank, self.perHost, self.onRoot) = (perRank, perHost, onRoot)
  }
}
