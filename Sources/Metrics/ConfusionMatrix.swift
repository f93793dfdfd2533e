/// How often each class was predicted for each label, and the figures that follow from these counts.
///
/// What is undefined, because a denominator is zero, is nil and never NaN or a silent zero.
package struct ConfusionMatrix: Sendable, Equatable {
  /// C, the number of classes.
  package let classes: Int
  /// [C, C], a row for each label, a column for each prediction.
  package private(set) var counts: [Int]

  package init(classes: Int) {
    precondition(classes > 0, "a confusion matrix has classes")
    self.classes = classes
    counts = [Int](repeating: 0, count: classes * classes)
  }

  /// - Parameters:
  ///   - labels, predictions: of the same examples, each from 0 to `classes` − 1.
  package init(classes: Int, labels: [Int], predictions: [Int]) {
    precondition(labels.count == predictions.count, "one prediction for each label")
    self.init(classes: classes)
    for (label, prediction) in zip(labels, predictions) { add(label: label, prediction: prediction) }
  }

  /// Counts one example more.
  package mutating func add(label: Int, prediction: Int) {
    precondition((0..<classes).contains(label) && (0..<classes).contains(prediction), "no such class")
    counts[label * classes + prediction] += 1
  }

  package subscript(label label: Int, prediction prediction: Int) -> Int { counts[label * classes + prediction] }

  /// The rows, a label each.
  package var rows: [[Int]] { (0..<classes).map { Array(counts[$0 * classes..<($0 + 1) * classes]) } }
  package var total: Int { counts.reduce(0, +) }
  /// How many predictions are right.
  package var correct: Int { (0..<classes).reduce(0) { $0 + self[label: $1, prediction: $1] } }
  /// How many examples have this label.
  package func support(_ label: Int) -> Int { (0..<classes).reduce(0) { $0 + self[label: label, prediction: $1] } }
  /// How many examples got this prediction.
  package func predicted(_ prediction: Int) -> Int {
    (0..<classes).reduce(0) { $0 + self[label: $1, prediction: prediction] }
  }

  /// The label that most examples have, the first of several; what a model that looks at nothing predicts best.
  package var majority: Int {
    (1..<classes).reduce(into: 0) { best, label in if support(label) > support(best) { best = label } }
  }
}

extension ConfusionMatrix {
  /// The share of right predictions; nil without examples.
  package var accuracy: Double? { ratio(correct, total) }

  /// The share of the examples predicted as `label` that have it; nil where none is predicted so.
  package func precision(_ label: Int) -> Double? { ratio(self[label: label, prediction: label], predicted(label)) }

  /// The share of the examples with `label` that are predicted so; nil where none has it.
  package func recall(_ label: Int) -> Double? { ratio(self[label: label, prediction: label], support(label)) }

  /// 2 TP / (2 TP + FP + FN); nil for a class that is neither label nor prediction of any example.
  package func f1(_ label: Int) -> Double? {
    ratio(2 * self[label: label, prediction: label], predicted(label) + support(label))
  }

  /// Of two classes, the F1 of class 1, as GLUE has it; of more, ``macroF1``.
  package var f1: Double? { classes == 2 ? f1(1) : macroF1 }

  /// The mean F1 of the classes that occur; nil where none does.
  package var macroF1: Double? {
    let values = (0..<classes).compactMap { f1($0) }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Matthews' correlation; of more than two classes R_K (Gorodkin 2004, equation 8). Nil where all labels or all
  /// predictions are the same.
  package var matthews: Double? {
    let n = Double(total)
    let labels = (0..<classes).map { Double(support($0)) }
    let predictions = (0..<classes).map { Double(predicted($0)) }
    func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    // Products of counts below 2⁵³ are exact, so no variance is exactly zero.
    let (varianceOfLabels, varianceOfPredictions) = (
      n * n - product(labels, labels), n * n - product(predictions, predictions)
    )
    guard varianceOfLabels > 0, varianceOfPredictions > 0 else { return nil }
    let covariance = n * Double(correct) - product(labels, predictions)
    return covariance / (varianceOfLabels.squareRoot() * varianceOfPredictions.squareRoot())
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}

/// The standard error of a share of `count` independent examples, √(p(1 − p)/n); nil without examples.
package func standardError(ofShare share: Double, count: Int) -> Double? {
  count > 0 ? (share * (1 - share) / Double(count)).squareRoot() : nil
}
