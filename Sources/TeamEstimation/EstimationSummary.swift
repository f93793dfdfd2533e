import Planning

/// What the estimation of one model came to.
package struct EstimationSummary: Codable, Sendable {
  let name: String
  package let examples: Int
  /// Of all ranks together.
  package let seconds: Double
  package let passes: Int

  init(_ planned: PlannedModel, _ delivery: TaskDelivery) {
    (name, examples, seconds, passes) = (planned.name, delivery.examples, delivery.seconds, delivery.passes)
  }
}
