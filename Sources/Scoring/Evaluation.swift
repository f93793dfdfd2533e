import Checkpoints
import Datasets
import Encoders
import Foundation
import Metrics
import Planning
import Recipes
import Sessions
import SystemPackage
import Terminal

/// How well a model does on labelled examples, or several models as an ensemble.
package struct Evaluation {
  /// What is wanted beside a model and data.
  package struct Options: Sendable {
    package var metrics = MetricChoice.recognized
    /// Whether the score of always saying the most frequent label is given too.
    package var hasBaseline = false
    /// Whether the table of classes is printed for two classes too.
    package var perClass = false
    /// Where to write a line for each example.
    package var predictions: FilePath?

    package init() {}
  }

  /// Which metrics are computed.
  package enum MetricChoice: Sendable, Equatable {
    /// GLUE's for the task that `finetuning_task` in `config.json` names, else the usual ones for the kind of head.
    case recognized
    case task(GLUETask)
    /// At least one, the main one first.
    case named([Metric])
  }

  let session: Session
  /// As the user wrote them; at least one.
  let models: [String]
  let data: DataSource
  let sampling: Sampling
  let options: Options

  package init(
    session: Session, models: [String], data: DataSource, sampling: Sampling, options: Options = Options()
  ) {
    self.session = session
    self.models = models
    self.data = data
    self.sampling = sampling
    self.options = options
  }

  /// What the root knows of one model before the work.
  private struct Member {
    let source: Inputs.Source
    let planned: PlannedModel
    let examples: TokenizedExamples
    /// For each label of the first model the output of this one.
    let columns: [Int]
  }

  /// Evaluates on all ranks; the report is the root's, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> EvaluationReport? {
    let communicator = session.communicator
    let prepared = try prepare()
    let plan = try SharedPlan.share(
      prepared.map { prepared in
        Plan(sampling: sampling, models: prepared.members.map(\.planned))
      }, communicator)
    for planned in plan.models { for note in planned.notes { session.console.note(note) } }
    var outputs: [Logits] = []
    for (index, planned) in plan.models.enumerated() {
      let member = prepared?.members[index]
      if let logits = try logits(of: member, planned) { outputs.append(logits) }
    }
    return try communicator.agreeOnRoot(in: "scoring") {
      guard let prepared else { fatalError("the root prepared the evaluation") }
      try prepared.stamps?.requireUnchanged()
      return try report(prepared, outputs)
    }
  }

  /// The outputs of one model on the root, in its own order. **Collective.**
  private func logits(of member: Member?, _ planned: PlannedModel) throws -> Logits? {
    let communicator = session.communicator
    // Each model has a tokenizer of its own, so its own examples too.
    let received = try communicator.broadcast(member?.examples.bytes ?? [])
    let (encoder, examples) = try communicator.agree(in: "opening the models") {
      let stored = try member?.source.model ?? SharedPlan.open(planned)
      return (
        Encoder(weights: try stored.singlePrecisionWeights()),
        try member?.examples ?? TokenizedExamples(decoding: received)
      )
    }
    let progress = PhaseProgress(planned.name, total: examples.count, console: session.console)
    defer { progress.finish() }
    return try LogitEvaluation.run(
      encoder: encoder, examples: examples, communicator: communicator, file: data.file.string
    ) { progress.advance(by: $0 * communicator.size) }
  }
}

extension Evaluation {
  private struct Prepared {
    let members: [Member]
    let labels: Answers
    let metrics: [Metric]
    let predictions: AtomicFile?
    /// Of the models, before they were read.
    var stamps: InputStamps?
  }

  /// Opens and checks everything; gives it on the root. **Collective.**
  private func prepare() throws -> Prepared? {
    let found = try session.communicator.agreeOnRoot(in: "planning", namesRank: false) {
      let directories = try models.map { model in
        try ModelReference.resolve(model, relativeTo: ".", environment: ProcessInfo.processInfo.environment).directory
      }
      // Label maps that do not fit are said before the data are read by one of them.
      let columns = try matchedColumns(try directories.map { try StoredModel(directory: $0) })
      let inputs = RunInputs(
        models: zip(directories, models).map { ModelInputs($0, reference: $1, data: data) }, sampling: sampling,
        isEvaluation: true)
      return (inputs: inputs, columns: columns, stamps: InputStamps(inputs))
    }
    return try SharedInputs(communicator: session.communicator, console: nil).read(found?.inputs) { next in
      var prepared = try prepare(columns: found?.columns ?? [], next)
      prepared.stamps = found?.stamps
      return prepared
    }.value
  }

  /// Checks what was read, on the root.
  private func prepare(columns: [[Int]], _ read: (Int) throws -> ReadModel) throws -> Prepared {
    var members: [Member] = []
    for (index, columns) in columns.enumerated() {
      let found = try read(index)
      guard let examples = found.source.examples else { fatalError("an evaluation has examples") }
      if let first = members.first, first.examples.rowIndices != examples.rowIndices {
        throw EvaluationError.changedData(data.file.string)
      }
      members.append(Member(source: found.source, planned: found.planned, examples: examples, columns: columns))
    }
    let configuration = members[0].planned.configuration
    let labels = try LogitEvaluation.labels(of: members[0].examples, configuration: configuration)
    if configuration.problem == .regression {
      guard !options.hasBaseline else { throw EvaluationError.noMajority }
      guard !options.perClass else { throw EvaluationError.noClasses }
    }
    let task = members[0].source.model.settings["finetuning_task"]?.string
    return Prepared(
      members: members, labels: labels, metrics: try options.metrics.metrics(for: labels, finetuningTask: task),
      predictions: try options.predictions.map { try AtomicFile($0, replacing: true) })
  }

  /// For each model its output for each label of the first one: equal names, whatever their order.
  private func matchedColumns(_ opened: [StoredModel]) throws(EvaluationError) -> [[Int]] {
    let (labels, problem) = (opened[0].labels, opened[0].configuration.problem)
    var matched: [[Int]] = []
    for (index, model) in opened.enumerated() {
      guard model.configuration.problem == problem else {
        throw .differentHeads(
          first: models[0], second: models[index], kinds: [problem.rawValue, model.configuration.problem.rawValue])
      }
      // The one output of a regression needs no name.
      let columns =
        problem == .regression
        ? Array(0..<model.configuration.outputs)
        : labels.compactMap { label in model.labels.firstIndex { $0.utf8.elementsEqual(label.utf8) } }
      guard problem == .regression || (columns.count == labels.count && model.labels.count == labels.count) else {
        throw .differentLabels(first: models[0], second: models[index], maps: [labels, model.labels])
      }
      matched.append(columns)
    }
    return matched
  }

  /// Scores what the models said, on the root.
  private func report(_ prepared: Prepared, _ outputs: [Logits]) throws -> EvaluationReport {
    let first = prepared.members[0]
    let problem = first.planned.configuration.problem
    let names = first.source.model.labels
    let logits = Logits.mean(zip(outputs, prepared.members).map { $0.reordered($1.columns) })
    let title = models.count == 1 ? models[0] : "mean of \(models.joined(separator: ", "))"
    let report = EvaluationReport(
      title: title, answers: logits.answers(problem), labels: prepared.labels,
      names: problem == .regression ? [] : names, metrics: prepared.metrics, hasBaseline: options.hasBaseline,
      perClass: options.perClass,
      findings: zip(outputs, prepared.members).map { finding($0, prepared.labels, $1) }, data: first.planned.data)
    if problem == .regression, report.scores.allSatisfy({ $0.value == nil }) {
      throw EvaluationError.undefinedCorrelation(data.file.string)
    }
    if let file = prepared.predictions {
      try file.output.write(
        PredictionLines.text(
          logits: logits, labels: prepared.labels, problem: problem, names: names, rows: first.examples.rowIndices))
      try file.commit()
    }
    return report
  }

  /// Compares one model's own outputs with the labels, in its own order.
  private func finding(_ logits: Logits, _ labels: Answers, _ member: Member) -> LabelMapCheck.Finding? {
    guard case .classes(let labels, _) = labels, case .classes(let predictions, _) = logits.answers(.singleLabel) else {
      return nil
    }
    return LabelMapCheck.find(
      labels: labels.map { member.columns[$0] }, predictions: predictions, names: member.source.model.labels)
  }
}

extension Evaluation.MetricChoice {
  /// The metrics for labels of one kind.
  ///
  /// - Throws: where a metric that was asked for says nothing about them.
  func metrics(for labels: Answers, finetuningTask: String?) throws(EvaluationError) -> [Metric] {
    let asked: [Metric]
    switch self {
    case .recognized:
      // A regression made of a classification task, or the like: the name of the task says nothing then.
      let task = finetuningTask.flatMap { GLUETask(name: $0) }?.metrics ?? []
      return task.isEmpty || !task.allSatisfy(labels.metrics.contains) ? labels.defaultMetrics : task
    case .task(let task): asked = task.metrics
    case .named(let metrics): asked = metrics
    }
    for metric in asked where !labels.metrics.contains(metric) {
      throw .foreignMetric(metric, fitting: labels.metrics)
    }
    return asked
  }
}
