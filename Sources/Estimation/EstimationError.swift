import Diagnostics

/// Why a statistic could not be computed.
package enum EstimationError: DiagnosedError, Equatable {
  /// `empirical` was asked for and the example has no label of the head's kind.
  case missingLabel(row: Int)
  /// `argmax` was asked for a regression head.
  case undefinedForRegression
  /// The head's outputs for one example are NaN or infinite.
  case nonFiniteOutput(row: Int)
  /// A squared gradient is NaN or infinite.
  case nonFiniteGradient(tensor: String, row: Int)
  /// What a statistic makes of activations is NaN or infinite.
  case nonFiniteActivation(tensor: String, row: Int)

  package var subject: String {
    switch self {
    case .missingLabel(let row), .nonFiniteOutput(let row): "data row \(row + 1)"
    case .undefinedForRegression: "expectation argmax"
    case .nonFiniteGradient(let tensor, let row), .nonFiniteActivation(let tensor, let row):
      "\(tensor), data row \(row + 1)"
    }
  }

  package var problem: String {
    switch self {
    case .missingLabel: "the empirical Fisher needs a label, and this example has none"
    case .undefinedForRegression:
      "a regression head's own prediction has a gradient of zero, so every weight would be zero"
    case .nonFiniteOutput: "the model's outputs for this example are not finite numbers"
    case .nonFiniteActivation: "the activations for this example are not finite numbers"
    case .nonFiniteGradient: "the squared gradient for this example is not a finite number"
    }
  }

  package var remedy: String {
    switch self {
    case .missingLabel: "add the label, or use expectation expected, which needs none"
    case .undefinedForRegression: "use expected, empirical, sampled or sketched"
    case .nonFiniteOutput, .nonFiniteGradient, .nonFiniteActivation:
      "check the model's weights with `fishermerge inspect`; if they are sound, leave this row out"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .missingLabel, .nonFiniteOutput, .nonFiniteGradient, .nonFiniteActivation: .badInput
    case .undefinedForRegression: .usage
    }
  }
}
