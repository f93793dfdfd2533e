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
  /// An unbiased estimate of `expected` from `draws` random combinations of its columns: for heads with many outputs. See
  /// ``GradientFactor``. Needs no labels.
  case sketched(draws: Int)
  /// The model's own prediction as the label. Not defined for regression, where its gradient is zero. Needs no labels.
  case argmax

  /// The names in recipes, options and files.
  package enum Name: String, Hashable, CaseIterable, Codable, Sendable {
    case expected, empirical, sampled, sketched, argmax

    /// Whether it is a mean over draws.
    package var hasDraws: Bool { self == .sampled || self == .sketched }
    /// How many draws there are where nobody says it.
    package var standardDraws: Int { self == .sketched ? 2 : 1 }
  }

  /// - Parameter draws: the number of draws for each example, at least 1; nil for the usual one. Without effect unless
  ///   the name has draws.
  package init(_ name: Name, draws: Int? = nil) {
    let draws = draws ?? name.standardDraws
    self =
      switch name {
      case .expected: .expected
      case .empirical: .empirical
      case .sampled: .sampled(draws: draws)
      case .sketched: .sketched(draws: draws)
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
      case .sketched: .sketched
      case .argmax: .argmax
      }
    return name.rawValue
  }

  package var needsLabels: Bool { self == .empirical }

  /// The draws of each example; 0 for an expectation without.
  package var draws: Int {
    switch self {
    case .sampled(let draws), .sketched(let draws): draws
    case .expected, .empirical, .argmax: 0
    }
  }

  /// The number of backward passes per example (S).
  ///
  /// The expectation over C classes needs C − 1, not C: see ``GradientFactor``.
  package func columns(for configuration: EncoderConfiguration) -> Int {
    let exact = configuration.problem == .singleLabel ? max(1, configuration.outputs - 1) : configuration.outputs
    return switch self {
    case .expected: exact
    case .empirical, .argmax: 1
    case .sampled(let draws): draws
    // More draws than columns would only lose exactness.
    case .sketched(let draws): min(draws, exact)
    }
  }
}
