/// Finds a model whose label map is probably not the one that it was trained with.
///
/// Checkpoints are published whose `id2label` is in another order than their outputs. Such a model scores far below
/// what it knows, and its head merged by names, or its data's labels, would be wrong.
package enum LabelMapCheck {
  /// Below so many examples nothing is said.
  package static let minimumExamples = 30

  /// What is odd about a model's answers.
  package struct Finding: Sendable, Equatable, Codable {
    package enum Kind: Sendable, Equatable, Codable {
      /// Another order of the labels fits, beyond doubt: what was found on half of the examples holds on the other
      /// half.
      case permuted
      /// The model is no better than chance, or worse than the most frequent label, and no order mends that
      /// convincingly.
      case chance
    }
    package let kind: Kind
    /// The names of the classes, in the order of `id2label`.
    package let names: [String]
    package let examples: Int
    package let accuracy: Double
    /// What a model that looks at nothing would get by chance, and by always naming the most frequent label.
    package let chance: Double
    package let majority: Double
    /// The label that each predicted class should stand for, so that most predictions are right.
    package let permutation: [Int]
    /// The accuracy with that.
    package let permutedAccuracy: Double

    /// The entries of `id2label` that would change, with their present names.
    package var changes: [(index: Int, present: String, fitting: String)] {
      permutation.indices.filter { permutation[$0] != $0 }.map { ($0, names[$0], names[permutation[$0]]) }
    }
  }

  /// Compares predictions with labels.
  ///
  /// With n examples, p the shares of the labels, q those of the predictions, m = max p:
  ///
  /// - `permuted`: a permutation that is best on the examples with even index is tested on the others. It has to be
  ///   right on more of them than the present order, by McNemar's test at three standard errors; it has to beat the
  ///   majority there by two; and each class and each label that it moves has to fit better than where it is. The last
  ///   keeps a model that answers everything with one class from looking permuted. This also finds two swapped labels
  ///   of many.
  /// - `chance`: the accuracy is not above max(1/C, Σ p q) by two standard errors, or is below m by more than two.
  ///
  /// - Parameters:
  ///   - labels, predictions: of the same examples.
  ///   - names: of the classes, in the order of `id2label`.
  /// - Returns: nil where nothing is odd, with fewer than ``minimumExamples``, and where all examples have one label.
  package static func find(labels: [Int], predictions: [Int], names: [String]) -> Finding? {
    let whole = ConfusionMatrix(classes: names.count, labels: labels, predictions: predictions)
    let n = Double(labels.count)
    let majority = Double(whole.support(whole.majority)) / n
    guard labels.count >= minimumExamples, names.count > 1, majority < 1, let accuracy = whole.accuracy else {
      return nil
    }
    let agreement = (0..<names.count).reduce(0) {
      $0 + Double(whole.support($1)) / n * Double(whole.predicted($1)) / n
    }
    let chance = max(1 / Double(names.count), agreement)
    func finding(_ kind: Finding.Kind, _ permutation: [Int]) -> Finding {
      Finding(
        kind: kind, names: names, examples: labels.count, accuracy: accuracy, chance: chance, majority: majority,
        permutation: permutation, permutedAccuracy: Double(whole.correct(under: permutation)) / n)
    }
    if let permutation = convincingPermutation(labels: labels, predictions: predictions, whole: whole) {
      return finding(.permuted, permutation)
    }
    func error(_ share: Double) -> Double { standardError(ofShare: share, count: labels.count) ?? 0 }
    guard accuracy <= chance + 2 * error(chance) || accuracy < majority - 2 * error(majority) else { return nil }
    return finding(.chance, whole.bestPermutation)
  }

  private static func convincingPermutation(
    labels: [Int], predictions: [Int], whole: ConfusionMatrix
  ) -> [Int]? {
    let permutation = whole.bestPermutation
    let moved = permutation.indices.filter { permutation[$0] != $0 }
    // Both views of each move: what the class should stand for, and which class should stand for the label.
    let isBetter = moved.allSatisfy { column in
      let row = permutation[column]
      let moved = whole[label: row, prediction: column]
      return moved > whole[label: column, prediction: column] && moved > whole[label: row, prediction: row]
    }
    guard !moved.isEmpty, isBetter else { return nil }

    var fitted = ConfusionMatrix(classes: whole.classes)
    for index in stride(from: 0, to: labels.count, by: 2) {
      fitted.add(label: labels[index], prediction: predictions[index])
    }
    let tested = fitted.bestPermutation
    var held = ConfusionMatrix(classes: whole.classes)
    var (won, lost) = (0, 0)
    for index in stride(from: 1, to: labels.count, by: 2) {
      let (label, prediction) = (labels[index], predictions[index])
      held.add(label: label, prediction: prediction)
      guard tested[prediction] != prediction else { continue }
      if tested[prediction] == label { won += 1 }
      if prediction == label { lost += 1 }
    }
    let share = Double(held.support(held.majority)) / Double(held.total)
    let error = standardError(ofShare: share, count: held.total) ?? 0
    guard
      Double(won - lost) >= 3 * Double(won + lost).squareRoot(), won > lost,
      Double(held.correct(under: tested)) / Double(held.total) > share + 2 * error
    else { return nil }
    return permutation
  }
}

extension LabelMapCheck.Finding {
  /// The warning for a user.
  ///
  /// - Parameter model: what the model is called.
  package func text(model: String) -> String {
    let scored = "\(model): accuracy \(digits(accuracy)) on \(examples) examples"
    switch kind {
    case .permuted:
      let entries = changes.map { "  \"\($0.index)\": \"\($0.fitting)\"   (now \"\($0.present)\")" }
      return """
        \(scored), but \(digits(permutedAccuracy)) if its outputs stand for other labels than its label map says. The map in \
        config.json is probably wrong; these entries of id2label would fit (and their inverse in label2id):
        \(entries.joined(separator: "\n"))
          Labels that the data give as numbers are indices of outputs whatever the map says: give them by name then.
        """
    case .chance:
      let hint =
        changes.isEmpty
        ? "no other order of its labels would be better"
        : "the best other order of its labels gives \(digits(permutedAccuracy))"
      // By one of the two thresholds; the other may well be passed.
      let verdict =
        accuracy <= chance + 2 * (standardError(ofShare: chance, count: examples) ?? 0)
        ? "is no better than chance (\(digits(chance)))"
        : "is below what always saying the most frequent label gives (\(digits(majority)))"
      return "\(scored) \(verdict); \(hint). Check that model, label map and data belong together"
    }
  }

  /// Four digits behind the point, without Foundation.
  private func digits(_ share: Double) -> String {
    let whole = Int((share * 10_000).rounded())
    let fraction = String(whole % 10_000)
    return "\(whole / 10_000)." + String(repeating: "0", count: 4 - fraction.count) + fraction
  }
}
