import Encoders
import Foundation
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
  package var exampleCount: Int { tasks.reduce(0) { $0 + ($1?.count ?? 0) } }

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
      guard let owner = task.owner else {
        scores.append(try score(index, task, communicator, progress, encoder))
        continue
      }
      // A site tells the root the scores and nothing else.
      var own: TaskScore?
      let outcome = Result {
        if let site = task.held?.site { own = try score(index, task, site, progress, encoder) }
      }
      try communicator.agree(in: "scoring at a site", outcome)
      let bytes = try communicator.broadcast(
        Array(try JSONEncoder().encode([own].compactMap(\.self))), root: owner)
      let received = try JSONDecoder().decode([TaskScore].self, from: Data(bytes)).first
      scores.append(communicator.isRoot ? received : nil)
    }
    return scores
  }

  /// The score of one task on the root of the ranks that have its examples, nil elsewhere. **Collective.**
  private func score(
    _ index: Int, _ task: TaskExamples, _ ranks: Communicator, _ progress: @escaping (Int) -> Void,
    _ encoder: (_ task: Int) throws -> Encoder<Float>
  ) throws -> TaskScore? {
    guard let held = task.held else { preconditionFailure("these ranks have the examples") }
    let encoder = try ranks.agree(in: "reading a model to evaluate") { try encoder(index) }
    let logits = try LogitEvaluation.run(
      encoder: encoder, examples: held.examples, communicator: ranks, file: held.file, progress: progress)
    return try ranks.agreeOnRoot(in: "scoring a model") { () -> TaskScore? in
      guard let logits else { return nil }
      let configuration = models[index].configuration
      return TaskScore(
        scores: try LogitEvaluation.scores(
          logits: logits, examples: held.examples, configuration: configuration, metrics: held.metrics),
        examples: held.examples.count,
        finding: LabelMapCheck.find(
          logits: logits, examples: held.examples, configuration: configuration, names: models[index].labels))
    } ?? nil
  }
}
