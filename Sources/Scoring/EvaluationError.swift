import Diagnostics
import Metrics

/// Why an evaluation cannot be made.
package enum EvaluationError: DiagnosedError, Equatable {
  /// A metric that says nothing about the head's kind of answers.
  case foreignMetric(Metric, fitting: [Metric])
  /// An example has no label of the head's kind; `row` counts from 0.
  case missingLabel(row: Int)
  /// A regression with several outputs has no metric here.
  case severalValues
  /// A majority needs classes.
  case noMajority
  /// A table of classes for a regression head.
  case noClasses
  /// Two models of an ensemble have heads of different kinds.
  case differentHeads(first: String, second: String, kinds: [String])
  /// Two models of an ensemble have other labels than each other; `maps` are their names in the order of `id2label`.
  case differentLabels(first: String, second: String, maps: [[String]])
  /// Pearson's correlation of fewer than two different values.
  case undefinedCorrelation(String)
  /// The data file was not the same when the models' tokenizers read it.
  case changedData(String)

  package var subject: String {
    switch self {
    case .foreignMetric(let metric, _): "metric \(metric.rawValue)"
    case .severalValues: "problem_type"
    case .missingLabel(let row): "data row \(row + 1)"
    case .noMajority: "--baseline majority"
    case .noClasses: "--per-class"
    case .differentHeads(let first, let second, _): "\(first) and \(second): problem_type"
    case .differentLabels(let first, let second, _): "\(first) and \(second): id2label"
    case .changedData(let file), .undefinedCorrelation(let file): file
    }
  }

  package var problem: String {
    switch self {
    case .foreignMetric: "it says nothing about what this model predicts"
    case .severalValues: "the model is a regression with several outputs, and there is no metric for these"
    case .missingLabel: "an evaluation needs a label, and this example has none"
    case .noMajority: "a regression has no classes, so none of them is the most frequent"
    case .noClasses: "a regression has no classes"
    case .differentHeads(_, _, let kinds): "the heads cannot be averaged (\(kinds.joined(separator: " and ")))"
    case .differentLabels(_, _, let maps):
      "the heads have different labels (\(maps.map { $0.joined(separator: ", ") }.joined(separator: " and ")))"
    case .undefinedCorrelation: "all labels or all predictions are the same, so their correlation is undefined"
    case .changedData: "the file changed while it was read"
    }
  }

  package var remedy: String {
    switch self {
    case .foreignMetric(_, let fitting): "use \(fitting.map(\.rawValue).joined(separator: ", "))"
    case .severalValues: "leave this evaluation, `test` or `validation` file out; statistics and merges need no metric"
    case .missingLabel: "add the label, or name the label column"
    case .noMajority, .noClasses: "leave the option out"
    case .differentHeads: "evaluate models of one task together"
    case .differentLabels: "give the same names to the same classes in config.json"
    case .undefinedCorrelation: "evaluate on examples with different labels"
    case .changedData: "start again when nothing writes to it"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .foreignMetric, .noMajority, .noClasses: .usage
    case .severalValues, .missingLabel, .differentHeads, .differentLabels, .changedData, .undefinedCorrelation:
      .badInput
    }
  }
}
