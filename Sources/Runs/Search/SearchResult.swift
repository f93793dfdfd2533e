import Checkpoints
import Scoring

/// What a search tried and found.
struct SearchResult {
  let models: [String]
  /// What was tried of the method's settings, with equal coefficients, before these; empty where none was searched.
  var settings: [TriedSettings] = []
  /// The place of those that were chosen.
  var bestSettings = 0
  /// [trial][model], each with sum 1, or with as many models as sum where the method takes them as they are.
  let coefficients: [[Double]]
  /// The main score, [trial][task]; nil for a task without validation examples, 0 for an undefined score.
  let scores: [[Double?]]
  /// Which of them are undefined.
  let undefined: [[Bool]]
  let best: Int
  /// The main metric of each task.
  let metrics: [String?]
  let work: Work

  /// What decides the trials and their scores.
  struct Work {
    /// The hash of the plan, whose weights are the recipe's.
    let plan: String
    let trials: Int
    let seed: UInt64
    /// ``SearchedParameters/text(_:)``.
    let parameters: String
  }

  /// One combination of settings, and its scores on the validation examples.
  struct TriedSettings {
    let combination: SearchedParameters.Combination
    let scores: TrialRunner.Scores
  }

  /// The mean over tasks, by trial.
  var means: [Double] { scores.map { ScoreColumn.mean(of: $0) ?? 0 } }

  /// The trial with equal coefficients.
  var equal: Int { SearchTrials.equal(coefficients) }

  private static func json(_ scores: [Double?], _ undefined: [Bool]) -> JSON {
    .array(zip(scores, undefined).map { $1 ? .null : $0.map { .number($0) } ?? .null })
  }

  var json: JSON {
    let means = means
    let trials: [JSON] = coefficients.indices.map { trial in
      [
        "coefficients": .array(coefficients[trial].map { .number($0) }), "mean": .number(means[trial]),
        "scores": Self.json(scores[trial], undefined[trial]),
      ]
    }
    let tried: [JSON] = settings.map { tried in
      [
        "parameters": .object(tried.combination.values.map { .init(key: $0.key, value: .string($0.text)) }),
        "mean": .number(tried.scores.mean),
        "scores": Self.json(tried.scores.values, tried.scores.undefined),
      ]
    }
    return [
      "models": .array(models.map { .string($0) }), "metrics": .array(metrics.map { $0.map { .string($0) } ?? .null }),
      "best": .integer(best), "plan_sha256": .string(work.plan), "trials_wanted": .integer(work.trials),
      // As text: a JSON number does not hold every seed.
      "seed": .string("\(work.seed)"), "parameters_wanted": .string(work.parameters),
      "settings": .array(tried), "best_settings": settings.isEmpty ? .null : .integer(bestSettings),
      "trials": .array(trials),
    ]
  }

  /// What is written beside the models.
  var files: [(name: String, text: String)] { [("search.json", json.serialized() + "\n")] }
}
