import Datasets
import Encoders
import MessagePassing
import Metrics
import Planning

/// The labelled examples of one task, on every rank.
package struct TaskExamples {
  package let examples: TokenizedExamples
  package let metrics: [Metric]
  let file: String

  /// Gives the root's examples of all tasks to all ranks; nil for a task without any. **Collective.**
  ///
  /// - Parameters:
  ///   - examples: the root's; nil elsewhere.
  ///   - planned: what the plan says of them, on every rank.
  package static func share(
    _ examples: [TokenizedExamples?]?, _ planned: [PlannedData?], _ models: [StoredModel], _ communicator: Communicator
  ) throws -> [TaskExamples?] {
    var tasks: [TaskExamples?] = []
    for (index, planned) in planned.enumerated() {
      guard let planned else {
        tasks.append(nil)
        continue
      }
      let own = examples?[index]
      let received = try communicator.broadcast(own?.bytes ?? [])
      tasks.append(
        try communicator.agree(in: "sharing the examples") {
          let examples = try own ?? TokenizedExamples(decoding: received)
          let labels = try LogitEvaluation.labels(of: examples, configuration: models[index].configuration)
          let task = models[index].settings["finetuning_task"]?.string
          return TaskExamples(
            examples: examples,
            metrics: try Evaluation.MetricChoice.recognized.metrics(for: labels, finetuningTask: task),
            file: planned.file)
        })
    }
    return tasks
  }
}
