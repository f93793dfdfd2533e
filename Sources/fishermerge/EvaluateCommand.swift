import ArgumentParser
import Metrics
import Scoring
import SystemPackage

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluate a model, or several as an ensemble, on labelled examples.",
    discussion: """
      The metrics are GLUE's where config.json names one of its tasks as finetuning_task; else accuracy, Pearson's and Spearman's \
      correlation for regression, or the share of exact matches for independent labels.
      """)

  @Option(
    help: ArgumentHelp(
      "A model directory, or a name in the local hub cache; give the option several times for the mean of the models' outputs.",
      valueName: "dir"))
  var model: [String]

  @OptionGroup var data: DataOptions

  @Option(
    help: "accuracy, f1, matthews, pearson, spearman or exact_match; give the option several times for several.")
  var metric: [Metric] = []

  @Option(help: ArgumentHelp("Use the metrics of this task of GLUE.", valueName: "name"))
  var task: GLUETask?

  @Option(help: "Also score this: always the most frequent label.")
  var baseline: Baseline?

  @Flag(help: "Print the table of classes for two classes too.")
  var perClass = false

  @Option(help: ArgumentHelp("Write what was predicted for each example to this JSONL file.", valueName: "file"))
  var predictions: String?

  @OptionGroup var processors: ProcessorOptions

  @OptionGroup var options: OutputOptions

  enum Baseline: String, ExpressibleByArgument, CaseIterable { case majority }

  func validate() throws {
    guard metric.isEmpty || task == nil else { throw ValidationError("give --metric or --task, not both") }
    guard Set(metric).count == metric.count else { throw ValidationError("a --metric was given twice") }
  }

  func run() throws {
    var wanted = Evaluation.Options()
    wanted.metrics = task.map { .task($0) } ?? (metric.isEmpty ? .recognized : .named(metric))
    wanted.hasBaseline = baseline != nil
    wanted.perClass = perClass
    wanted.predictions = predictions.map { FilePath($0) }
    options.run(
      processors, inputs: { InputPaths.of(models: model) + [FilePath(data.data)] },
      others: predictions.map { [FilePath($0)] } ?? []
    ) { session in
      let evaluation = Evaluation(
        session: session, models: model, data: data.source, sampling: data.sampling, options: wanted)
      guard let report = try evaluation.run() else { return nil }
      session.console.result(report.text)
      for (model, finding) in zip(model, report.findings) {
        if let finding { session.console.warn(finding.text(model: model)) }
      }
      return report.json
    }
  }
}

extension Metric: ExpressibleByArgument {}

extension GLUETask: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
}
