import Encoders
import Parameters
import StatisticsFiles

/// What a method merges: models, the base where it needs one, and the statistics, all in recipe order.
package struct MergeInputs {
  package let models: [StoredModel]
  /// The tasks' names, for messages.
  package let names: [String]
  package let base: BaseModel?
  /// One for each model; empty for a method without statistics.
  package let readers: [any StatisticReader]
  /// Whether many coefficients will be tried, so that more is worth keeping.
  package let isRepeated: Bool

  package init(
    models: [StoredModel], names: [String], base: BaseModel? = nil, readers: [any StatisticReader] = [],
    isRepeated: Bool = false
  ) {
    self.models = models
    self.names = names
    self.base = base
    self.readers = readers
    self.isRepeated = isRepeated
  }

  /// The parameters that are merged, in the order of the data flow.
  package var parameters: [Parameter] { models[0].mergedParameters }
}

extension StoredModel {
  /// All parameters but the head's, in the order of the data flow.
  package var mergedParameters: [Parameter] { parameters.filter { !$0.isHead } }
}
