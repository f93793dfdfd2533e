import Checkpoints
import Crypto
import Datasets
import Encoders
import Estimation
import Foundation
import SystemPackage

/// What was read of and for one model.
struct ReadModel {
  var source: Planner.Source
  var planned: PlannedModel
  /// SHA-256 of all that makes one tokenizer another; equal for those that may be merged.
  let tokenizer: String
}
