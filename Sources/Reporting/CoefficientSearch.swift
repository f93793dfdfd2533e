extension Report {
  /// The trials of a search for the models' coefficients λ.
  package struct CoefficientSearch: Sendable {
    package struct Trial: Sendable {
      /// One coefficient per model, in the order of ``CoefficientSearch/tasks``; only their ratio matters.
      package var lambdas: [Double]
      /// The score of the merged model on each task's validation data, as a fraction; NaN for a task without.
      package var scores: [Double]

      package init(lambdas: [Double], scores: [Double]) {
        self.lambdas = lambdas
        self.scores = scores
      }
    }

    /// Some settings of the method, tried with equal coefficients.
    package struct Setting: Sendable {
      /// In words.
      package var name: String
      /// As ``Trial/scores``.
      package var scores: [Double]

      package init(_ name: String, scores: [Double]) {
        self.name = name
        self.scores = scores
      }
    }

    package var tasks: [String]
    /// What was tried before the coefficients; empty where nothing was.
    package var settings: [Setting]
    /// The index of those that were chosen.
    package var selectedSetting: Int?
    package var trials: [Trial]
    /// The index of the trial that was chosen.
    package var selected: Int?
    /// What the scores were measured on.
    package var caption: String

    package init(
      tasks: [String], settings: [Setting] = [], selectedSetting: Int? = nil, trials: [Trial], selected: Int?,
      caption: String = ""
    ) {
      self.tasks = tasks
      self.settings = settings
      self.selectedSetting = selectedSetting
      self.trials = trials
      self.selected = selected
      self.caption = caption
    }
  }
}

/// The mean of the scores that are there; nil where none is.
private func mean(of scores: [Double]) -> Double? {
  let known = scores.filter(\.isFinite)
  return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
}

extension Report.CoefficientSearch.Setting {
  /// Of the scores; nil without any.
  var mean: Double? { Reporting.mean(of: scores) }
}

extension Report.CoefficientSearch.Trial {
  /// The mean of the scores that are there; nil where none is.
  var mean: Double? { Reporting.mean(of: scores) }

  /// The coefficients divided by their sum; not finite where that is no positive number.
  var shares: [Double] {
    let sum = lambdas.reduce(0, +)
    return lambdas.map { sum > 0 ? $0 / sum : .nan }
  }

  /// Whether all coefficients are equal, but for rounding.
  var isUniform: Bool {
    shares.allSatisfy { abs($0 * Double(shares.count) - 1) < 1e-9 }
  }
}
