import Metrics

/// How well a model does on one task.
package struct TaskScore {
  /// The first is the main one.
  package let scores: [Score]
  package let examples: Int
  /// What is odd about the label map, if the model is a source.
  package let finding: LabelMapCheck.Finding?
}

/// The scores of one kind of model on all tasks.
package struct ScoreColumn {
  package enum Kind: String {
    case single, uniform, merged
  }

  package let kind: Kind
  /// Nil for a task without examples.
  package let tasks: [TaskScore?]

  package init(_ kind: Kind, _ tasks: [TaskScore?]) {
    self.kind = kind
    self.tasks = tasks
  }
}
