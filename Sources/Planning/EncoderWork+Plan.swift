import Encoders
import Estimation

extension EncoderWork {
  /// The work on a model's planned examples.
  init(_ model: PlannedModel) {
    self.init(
      configuration: model.configuration, tokens: Double(model.data?.tokens ?? 0),
      examples: Double(model.data?.examples ?? 0), squaredLengths: Double(model.data?.squaredLengths ?? 0))
  }
}
