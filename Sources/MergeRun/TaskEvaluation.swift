import Datasets
import Encoders
import LinearAlgebra
import MessagePassing
import Metrics

/// The labelled examples of one task, on every rank.
struct TaskExamples {
  let examples: TokenizedExamples
  let metrics: [Metric]
  let file: String

  /// Gives the root's examples of all tasks to all ranks; nil for a task without any. **Collective.**
  ///
  /// - Parameters:
  ///   - examples: the root's; nil elsewhere.
  ///   - planned: what the plan says of them, on every rank.
  static func share(
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

/// The evaluation of models in memory on all tasks' examples, shared by the ranks of one communicator.
struct TaskEvaluation {
  let models: [StoredModel]
  let tasks: [TaskExamples?]
  let communicator: Communicator

  /// The examples of all tasks.
  var exampleCount: Int { tasks.reduce(0) { $0 + ($1?.examples.count ?? 0) } }

  /// Evaluates one encoder for each task. Gives the scores on the communicator's root; nil for tasks without examples, and
  /// elsewhere. **Collective.**
  ///
  /// - Parameters:
  ///   - progress: called with the number of examples that this rank has just done.
  ///   - encoder: the model of a task, with the same weights on every rank.
  func run(
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

/// A merged encoder in memory, with the head of each task. Not collective unless it says so.
final class MergedWeights {
  private let models: [StoredModel]
  private let backbone: [(parameter: Parameter, values: Buffer<Float>)]
  private let places: [String: Int]
  private var heads: [[String: Buffer<Float>]] = []

  /// Reads the heads; the encoder is filled later.
  init(models: [StoredModel], heads: MergedHeads) throws {
    self.models = models
    backbone = models[0].parameters.filter { !$0.component.isHead }.map { ($0, Buffer<Float>(count: $0.count)) }
    places = Dictionary(uniqueKeysWithValues: backbone.enumerated().map { ($1.parameter.name, $0) })
    try setHeads(heads)
  }

  /// Changes the heads, where they are merged by other coefficients.
  func setHeads(_ heads: MergedHeads) throws {
    self.heads = try models.enumerated().map { task, model in
      var own: [String: Buffer<Float>] = [:]
      for parameter in model.parameters where parameter.component.isHead {
        if let merged = try heads.merged(parameter, task: task) {
          own[parameter.name] = merged
        } else {
          let copy = Buffer<Float>(count: parameter.count)
          try model.tensor(parameter).copy(into: copy.vector)
          own[parameter.name] = copy
        }
      }
      return own
    }
  }

  /// Writes all merged parameters, one after the other.
  func fill(_ body: (_ parameter: Parameter, _ target: Vector<Float>) throws -> Void) throws {
    for (parameter, values) in backbone { try withExtendedLifetime(values) { try body(parameter, values.vector) } }
  }

  /// Gives the root's encoder to all ranks. **Collective.**
  func broadcast(_ communicator: Communicator) throws {
    for (_, values) in backbone {
      try withExtendedLifetime(values) { try communicator.broadcast(values.vector.buffer) }
    }
  }

  /// The merged model of one task.
  func encoder(task: Int) throws -> Encoder<Float> {
    let model = models[task]
    let owners: [AnyObject] = backbone.map(\.values) + Array(heads[task].values)
    return Encoder(
      weights: EncoderWeights(
        architecture: model.architecture, configuration: model.configuration, owners: owners
      ) { parameter -> Vector<Float> in
        if let place = places[parameter.name] { return backbone[place].values.vector }
        guard let head = heads[task][parameter.name] else { fatalError("no weights for \(parameter.name)") }
        return head.vector
      })
  }
}
