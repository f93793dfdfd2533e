import Metrics

/// How well a model does on one task.
package struct TaskScore: Codable {
  /// The first is the main one.
  package let scores: [Score]
  package let examples: Int
  /// What is odd about the label map, if the model is a source.
  package let finding: LabelMapCheck.Finding?

  /// The main score where models are chosen or compared: 0 where it is undefined, since a model whose answers do not
  /// vary is of no use for the task.
  package var merit: Double { scores.first?.value ?? 0 }
}

/// The scores of one kind of model on all tasks.
package struct ScoreColumn {
  package enum Kind: String {
    case single, uniform, merged
    /// The merged encoder with heads that were solved anew for it.
    case resolved
  }

  package let kind: Kind
  /// Nil for a task without examples.
  package let tasks: [TaskScore?]

  package init(_ kind: Kind, _ tasks: [TaskScore?]) {
    self.kind = kind
    self.tasks = tasks
  }

  /// The mean of the tasks' main scores, undefined ones as 0; nil without any task.
  package var mean: Double? { Self.mean(tasks) }

  package static func mean(_ tasks: [TaskScore?]) -> Double? { mean(of: tasks.map { $0?.merit }) }

  /// The mean of those that are there; nil where none is.
  package static func mean(of merits: [Double?]) -> Double? {
    let known = merits.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}
