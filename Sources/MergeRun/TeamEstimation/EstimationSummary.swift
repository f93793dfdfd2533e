import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// What the estimation of one model came to.
struct EstimationSummary {
  let name: String
  let examples: Int
  /// Of all ranks together.
  let seconds: Double
  let passes: Int

  init(_ planned: PlannedModel, _ delivery: TaskDelivery) {
    (name, examples, seconds, passes) = (planned.name, delivery.examples, delivery.seconds, delivery.passes)
  }
}
