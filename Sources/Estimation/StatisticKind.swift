import Encoders

/// A statistic that can be estimated.
package enum StatisticKind: String, Codable, Sendable, CaseIterable {
  case maskFisher = "mask-fisher"
  case fisher
  case gram

  /// The kind of a name; hyphens stand for underscores as well.
  package init?(named name: String) {
    guard
      let kind = Self.allCases.first(where: { $0.rawValue.replacing("-", with: "_") == name.replacing("-", with: "_") })
    else { return nil }
    self = kind
  }

  /// Whether it squares gradients, so that the expectation matters.
  package var needsGradients: Bool { self != .gram }

  /// An empty statistic of this kind for a model.
  package func statistic(
    of model: StoredModel, _ options: EstimationOptions = EstimationOptions()
  ) -> any Statistic<Float> {
    switch self {
    case .maskFisher: MaskFisher<Float>(configuration: model.configuration)
    case .fisher: DiagonalFisher<Float>(parameters: model.parameters)
    case .gram:
      GramMatrices<Float>(configuration: model.configuration, includingClassifier: options.includesClassifier)
    }
  }
}
