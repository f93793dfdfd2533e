/// What a model says about a list of examples, or what their labels say.
package enum Answers: Sendable, Equatable {
  /// One class of `count` for each example.
  case classes([Int], count: Int)
  /// The same number of truth values for each example.
  case labelSets([[Bool]])
  /// A finite number for each example.
  case values([Double])

  /// The number of examples.
  package var count: Int {
    switch self {
    case .classes(let classes, _): classes.count
    case .labelSets(let sets): sets.count
    case .values(let values): values.count
    }
  }

  /// The metrics that say something about such answers, the usual ones first.
  package var metrics: [Metric] {
    switch self {
    case .classes: [.accuracy, .f1, .matthews]
    case .labelSets: [.exactMatch, .f1]
    case .values: [.pearson, .spearman]
    }
  }

  /// The metrics that are computed where nobody asks for others.
  package var defaultMetrics: [Metric] {
    switch self {
    case .classes: [.accuracy]
    case .labelSets: [.exactMatch]
    case .values: [.pearson, .spearman]
    }
  }

  /// The answers of a model that always says what most labels say, whatever the example; nil for numbers, and without
  /// examples.
  package var majority: Answers? {
    switch self {
    case .classes(let labels, let count):
      guard !labels.isEmpty else { return nil }
      let best = ConfusionMatrix(classes: count, labels: labels, predictions: labels).majority
      return .classes(labels.map { _ in best }, count: count)
    case .labelSets(let sets):
      var counts: [[Bool]: Int] = [:]
      for set in sets { counts[set, default: 0] += 1 }
      guard let most = counts.values.max(), let best = sets.first(where: { counts[$0] == most }) else { return nil }
      return .labelSets(sets.map { _ in best })
    case .values: return nil
    }
  }
}

/// One metric's value for a model on a list of examples.
package struct Score: Sendable, Equatable, Codable {
  package let metric: Metric
  /// Nil where the metric is undefined, as a correlation is without variation.
  package let value: Double?
  /// Of a share of examples; nil for other metrics.
  package let standardError: Double?

  /// - Parameters:
  ///   - answers, labels: of one kind, for the same examples in the same order.
  package init(_ metric: Metric, of answers: Answers, labels: Answers) {
    self.metric = metric
    value = Self.value(metric, answers, labels)
    switch metric {
    case .accuracy, .exactMatch:
      standardError = value.flatMap { Metrics.standardError(ofShare: $0, count: labels.count) }
    case .f1, .matthews, .pearson, .spearman: standardError = nil
    }
  }

  private static func value(_ metric: Metric, _ answers: Answers, _ labels: Answers) -> Double? {
    switch (answers, labels, metric) {
    case (.classes(let answers, let count), .classes(let labels, _), .accuracy):
      ConfusionMatrix(classes: count, labels: labels, predictions: answers).accuracy
    case (.classes(let answers, let count), .classes(let labels, _), .f1):
      ConfusionMatrix(classes: count, labels: labels, predictions: answers).f1
    case (.classes(let answers, let count), .classes(let labels, _), .matthews):
      ConfusionMatrix(classes: count, labels: labels, predictions: answers).matthews
    case (.labelSets(let answers), .labelSets(let labels), .exactMatch):
      labels.isEmpty ? nil : Double(zip(answers, labels).count { $0 == $1 }) / Double(labels.count)
    case (.labelSets(let answers), .labelSets(let labels), .f1): macroF1(answers, labels)
    case (.values(let answers), .values(let labels), .pearson): pearson(answers, labels)
    case (.values(let answers), .values(let labels), .spearman): spearman(answers, labels)
    default: nil
    }
  }

  /// The mean over all labels of each one's F1, 0 for a label that no example has or is said to have, as scikit-learn
  /// has it; nil where no label occurs at all.
  private static func macroF1(_ answers: [[Bool]], _ labels: [[Bool]]) -> Double? {
    let values = (labels.first ?? []).indices.map { label in
      ConfusionMatrix(
        classes: 2, labels: labels.map { $0[label] ? 1 : 0 }, predictions: answers.map { $0[label] ? 1 : 0 }
      ).f1(1)
    }
    guard values.contains(where: { $0 != nil }) else { return nil }
    return values.reduce(0) { $0 + ($1 ?? 0) } / Double(values.count)
  }
}
