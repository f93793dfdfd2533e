import Parameters
import Encoders

/// Over which labels the squared gradient of one example is averaged.
///
/// F = E_y[(∂ log p(y | x) / ∂θ)²], per example; what differs is where y comes from.
package enum Expectation: Sendable, Hashable, Codable {
  /// The closed form over the model's own distribution. Needs no labels.
  case expected
  /// The data set's labels.
  case empirical
  /// `draws` labels drawn from the model's own distribution; the mean over the draws. Needs no labels.
  case sampled(draws: Int)
  /// The model's own prediction as the label. Not defined for regression, where its gradient is zero. Needs no labels.
  case argmax

  /// The names in recipes, options and files.
  package enum Name: String, Hashable, CaseIterable, Codable, Sendable {
    case expected, empirical, sampled, argmax
  }

  /// - Parameter draws: the number of labels for each example, at least 1; without effect unless `name` is `sampled`.
  package init(_ name: Name, draws: Int = 1) {
    self =
      switch name {
      case .expected: .expected
      case .empirical: .empirical
      case .sampled: .sampled(draws: draws)
      case .argmax: .argmax
      }
  }

  /// The raw value of its ``Name``.
  package var name: String {
    let name: Name =
      switch self {
      case .expected: .expected
      case .empirical: .empirical
      case .sampled: .sampled
      case .argmax: .argmax
      }
    return name.rawValue
  }

  package var needsLabels: Bool { self == .empirical }

  /// The number of backward passes per example (S).
  ///
  /// The expectation over C classes needs C − 1, not C: see ``GradientFactor``.
  package func columns(for configuration: EncoderConfiguration) -> Int {
    switch (self, configuration.problem) {
    case (.expected, .singleLabel): max(1, configuration.outputs - 1)
    case (.expected, .multiLabel), (.expected, .regression): configuration.outputs
    case (.empirical, _), (.argmax, _): 1
    case (.sampled(let draws), _): draws
    }
  }
}
