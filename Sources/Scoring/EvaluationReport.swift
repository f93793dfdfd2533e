import Checkpoints
import Diagnostics
import Foundation
import Metrics
import Planning
import Terminal

/// All that an evaluation says about a model, or about several as an ensemble.
package struct EvaluationReport: Sendable {
  /// What was evaluated, for the first line.
  package let title: String
  package let examples: Int
  /// In the order in which they were asked for; the first is the main one.
  package let scores: [Score]
  /// The same for a model that always says the most frequent label; nil where nobody asked.
  package let baseline: (answer: String, scores: [Score])?
  /// A row for each class; empty for regression.
  package let classes: [ClassRow]
  /// [C, C], labels × predictions; nil where an example may have several labels, and for regression.
  package let confusion: [[Int]]?
  /// What is odd about the label map of each model; nil where nothing is.
  package let findings: [LabelMapCheck.Finding?]
  let showsClasses: Bool
  /// The data file; nil where it was never planned.
  package let data: PlannedData?

  /// How well one class is recognised.
  package struct ClassRow: Sendable {
    package let label: String
    /// Examples with this label, and with this prediction.
    package let support, predicted: Int
    package let precision, recall, f1: Double?
  }

  /// - Parameters:
  ///   - answers, labels: of one kind, for the same examples in the same order.
  ///   - names: of the classes, in the order of the answers.
  ///   - perClass: whether the table of classes is part of the text for two classes too.
  init(
    title: String, answers: Answers, labels: Answers, names: [String], metrics: [Metric], hasBaseline: Bool,
    perClass: Bool, findings: [LabelMapCheck.Finding?], data: PlannedData? = nil
  ) {
    self.data = data
    self.title = title
    self.findings = findings
    examples = labels.count
    scores = metrics.map { Score($0, of: answers, labels: labels) }
    baseline =
      hasBaseline
      ? labels.majority.map { majority in
        (Self.describe(majority, names), metrics.map { Score($0, of: majority, labels: labels) })
      } : nil
    switch (answers, labels) {
    case (.classes(let answers, let count), .classes(let labels, _)):
      let matrix = ConfusionMatrix(classes: count, labels: labels, predictions: answers)
      confusion = matrix.rows
      classes = names.indices.map { ClassRow(names[$0], matrix, $0) }
    case (.labelSets(let answers), .labelSets(let labels)):
      confusion = nil
      classes = names.indices.map { label in
        let matrix = ConfusionMatrix(
          classes: 2, labels: labels.map { $0[label] ? 1 : 0 }, predictions: answers.map { $0[label] ? 1 : 0 })
        return ClassRow(names[label], matrix, 1)
      }
    default:
      confusion = nil
      classes = []
    }
    showsClasses = classes.count >= 3 || perClass && !classes.isEmpty
  }

  /// What the majority answers, in words.
  private static func describe(_ majority: Answers, _ names: [String]) -> String {
    switch majority {
    case .classes(let classes, _): return classes.first.map { names[$0] } ?? ""
    case .labelSets(let sets):
      let present = zip(names, sets.first ?? []).filter(\.1).map(\.0)
      return present.isEmpty ? "no label" : present.joined(separator: ", ")
    case .values: return ""
    }
  }
}

extension EvaluationReport.ClassRow {
  init(_ label: String, _ matrix: ConfusionMatrix, _ index: Int) {
    self.init(
      label: label, support: matrix.support(index), predicted: matrix.predicted(index),
      precision: matrix.precision(index), recall: matrix.recall(index), f1: matrix.f1(index))
  }
}

extension EvaluationReport {
  /// The lines for a user.
  package var text: String {
    var lines = ["\(legible(title)): \(Self.text(scores)) on \(examples) examples"]
    if let skipped = data?.skipped { lines[0] += ", \(skipped.text)" }
    if let baseline { lines.append("majority (\(legible(baseline.answer))): \(Self.text(baseline.scores))") }
    if showsClasses {
      var table = Table(["class", "support", "predicted", "precision", "recall", "f1"])
      for row in classes {
        table.add(
          [row.label, "\(row.support)", "\(row.predicted)"]
            + [row.precision, row.recall, row.f1].map { $0.map(Self.digits) ?? "–" })
      }
      lines.append(table.text)
    }
    return lines.joined(separator: "\n")
  }

  private static func text(_ scores: [Score]) -> String {
    scores.map { score in
      let error = score.standardError.map { " ± \(digits($0))" } ?? ""
      return "\(score.metric.rawValue) \(score.value.map(digits) ?? "undefined")\(error)"
    }.joined(separator: ", ")
  }

  /// Four digits behind the point: more than the sampling error of any usual test set.
  private static func digits(_ value: Double) -> String { String(format: "%.4f", value) }

  /// All figures. Without the models' names, so that the same models in other places give the same text.
  package var json: JSON {
    func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    func json(_ scores: [Score]) -> JSON {
      .array(
        scores.map { score in
          [
            "metric": .string(score.metric.rawValue), "value": number(score.value),
            "standard_error": number(score.standardError),
          ]
        })
    }
    return [
      "metric": scores.first.map { .string($0.metric.rawValue) } ?? .null, "value": number(scores.first?.value),
      "examples": .integer(examples), "skipped_rows": data?.skippedJSON ?? .object([]),
      "standard_error": number(scores.first?.standardError), "scores": json(scores),
      "baseline": baseline.map { ["majority": .string($0.answer), "scores": json($0.scores)] } ?? .null,
      "classes": .array(
        classes.map { row in
          [
            "label": .string(row.label), "support": .integer(row.support), "predicted": .integer(row.predicted),
            "precision": number(row.precision), "recall": number(row.recall), "f1": number(row.f1),
          ]
        }),
      "confusion": confusion.map { .array($0.map { .array($0.map { .integer($0) }) }) } ?? .null,
      "label_maps": .array(findings.map { $0?.json ?? .null }),
    ]
  }
}

extension LabelMapCheck.Finding {
  /// For `--json` and reports.
  package var json: JSON {
    [
      "finding": kind == .permuted ? "permuted" : "chance", "accuracy": .number(accuracy), "chance": .number(chance),
      "majority": .number(majority), "best_accuracy": .number(permutedAccuracy),
      "best_id2label": .object(
        permutation.indices.map { JSON.Member(key: "\($0)", value: .string(names[permutation[$0]])) }),
    ]
  }
}
