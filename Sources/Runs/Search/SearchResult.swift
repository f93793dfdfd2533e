import Checkpoints

/// What a search tried and found.
struct SearchResult {
  let models: [String]
  /// [trial][model], each with sum 1.
  let coefficients: [[Double]]
  /// The main metric, [trial][task]; nil for a task without validation examples or an undefined score.
  let scores: [[Double?]]
  let best: Int
  /// The main metric of each task.
  let metrics: [String?]

  /// The mean over tasks, by trial.
  var means: [Double?] { scores.map(Self.mean) }

  static func mean(_ scores: [Double?]) -> Double? {
    let known = scores.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }

  var json: JSON {
    let trials: [JSON] = zip(coefficients, scores).map { lambda, scores in
      [
        "coefficients": .array(lambda.map { .number($0) }), "mean": Self.mean(scores).map { .number($0) } ?? .null,
        "scores": .array(scores.map { $0.map { .number($0) } ?? .null }),
      ]
    }
    return [
      "models": .array(models.map { .string($0) }), "metrics": .array(metrics.map { $0.map { .string($0) } ?? .null }),
      "best": .integer(best), "trials": .array(trials),
    ]
  }

  /// What is written beside the models.
  var files: [(name: String, text: String)] { [("search.json", json.serialized() + "\n")] }
}
