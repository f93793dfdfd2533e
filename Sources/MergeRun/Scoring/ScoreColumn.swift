import Datasets
import Encoders
import LinearAlgebra
import MessagePassing
import Metrics

/// How well a model does on one task.
struct TaskScore {
  /// The first is the main one.
  let scores: [Score]
  let examples: Int
  /// What is odd about the label map, if the model is a source.
  let finding: LabelMapCheck.Finding?
}

/// The scores of one kind of model on all tasks.
struct ScoreColumn {
  enum Kind: String {
    case single, uniform, merged
  }

  let kind: Kind
  /// Nil for a task without examples.
  let tasks: [TaskScore?]

  init(_ kind: Kind, _ tasks: [TaskScore?]) {
    self.kind = kind
    self.tasks = tasks
  }
}
