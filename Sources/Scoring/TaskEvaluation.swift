import Encoders
import MessagePassing
import Metrics

/// The evaluation of models in memory on all tasks' examples, shared by the ranks of one communicator.
package struct TaskEvaluation {
  let models: [StoredModel]
  let tasks: [TaskExamples?]
  let communicator: Communicator

  package init(models: [StoredModel], tasks: [TaskExamples?], communicator: Communicator) {
    self.models = models
    self.tasks = tasks
    self.communicator = communicator
  }

  /// The examples of all tasks.
  package var exampleCount: Int { tasks.reduce(0) { $0 + ($1?.examples.count ?? 0) } }

  /// Evaluates one encoder for each task. Gives the scores on the communicator's root; nil for tasks without examples,
  /// and elsewhere. **Collective.**
  ///
  /// - Parameters:
  ///   - progress: called with the number of examples that this rank has just done.
  ///   - encoder: the model of a task, with the same weights on every rank.
  package func run(
    progress: @escaping (Int) -> Void = { _ in }, encoder: (_ task: Int) throws -> Encoder<Float>
  ) throws -> [TaskScore?] {
    var scores: [TaskScore?] = []
    for (index, task) in tasks.enumerated() {
      guard let task else {
        scores.append(nil)
        continue
      }
      let encoder = try communicator.agree(in: "reading a model to evaluate") { try encoder(index) }
      let logits = try LogitEvaluation.run(
        encoder: encoder, examples: task.examples, communicator: communicator, file: task.file, progress: progress)
      scores.append(
        try communicator.agreeOnRoot(in: "scoring a model") { () -> TaskScore? in
          guard let logits else { return nil }
          let configuration = models[index].configuration
          return TaskScore(
            scores: try LogitEvaluation.scores(
              logits: logits, examples: task.examples, configuration: configuration, metrics: task.metrics),
            examples: task.examples.count,
            finding: LabelMapCheck.find(
              logits: logits, examples: task.examples, configuration: configuration, names: models[index].labels))
        } ?? nil)
    }
    return scores
  }
}
