import ArgumentParser
import Datasets
import Estimation
import Runs
import SystemPackage

struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate", abstract: "Estimate statistics of one model on one data file.",
    discussion:
      "The file holds sums over examples, so that the files of two shards add up. Several statistics share one pass.")

  @Option(help: ArgumentHelp("A model directory, or a name in the local hub cache.", valueName: "dir"))
  var model: String

  @OptionGroup var data: DataOptions

  @Option(
    help: "One of \(StatisticKind.names); repeat the option for several in one pass.",
    transform: StatisticKind.init(option:))
  var statistic: [StatisticKind]

  @Flag(help: "With \(StatisticKind.namesWithHead): estimate the Gram matrix of the classifier's input as well.")
  var classifier = false

  @Option(
    help: ArgumentHelp(
      "Which labels the squared gradients are averaged over. Default: expected; none where no gradients are needed.",
      valueName: "expectation"))
  var expectation: Expectation.Name?

  @Option(
    help: """
      How many labels per example --expectation sampled draws (1), or how many random combinations --expectation sketched \
      makes (2).
      """)
  var draws: Int?

  @Option(
    help: ArgumentHelp(
      "Use the i-th of n parts of the rows: those whose index modulo n is i - 1. --examples draws among them.",
      valueName: "i/n"))
  var shard: Shard?

  @Option(
    help: ArgumentHelp(
      "Stop when the relative standard error is at most this, such as 0.05. Default: use all chosen examples.",
      valueName: "error"))
  var untilError: Double?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Write a hash of every example, by which combine finds common examples. It lets anyone who holds a text find out whether \
      it was used.
      """)
  var fingerprints = true

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The safetensors file to write; it must not exist.", valueName: "file"))
  var output: String

  @Option(help: "The type of the sums in the file: float64 or float32.")
  var dtype: SumType = .float64

  @OptionGroup var checkpoints: CheckpointOptions

  @OptionGroup var processors: ProcessorOptions

  @OptionGroup var options: OutputOptions

  enum SumType: String, ExpressibleByArgument, CaseIterable { case float64, float32 }

  func validate() throws {
    guard statistic.contains(where: \.needsGradients) || expectation == nil else {
      throw ValidationError(
        "--expectation has no meaning for --statistic \(statistic.map(\.name).joined(separator: " and ")), "
          + "made without gradients")
    }
    guard !classifier || statistic.contains(where: { $0.nameWithHead != nil }) else {
      throw ValidationError("--classifier belongs to --statistic \(StatisticKind.namesWithHead)")
    }
    guard untilError.map({ $0 > 0 && $0 < 1 }) ?? true else {
      throw ValidationError("--until-error must be between 0 and 1")
    }
    guard draws == nil || expectation?.hasDraws == true else {
      throw ValidationError("--draws belongs to --expectation sampled and sketched")
    }
    guard (1...1000).contains(draws ?? 1) else { throw ValidationError("--draws must be between 1 and 1000") }
    guard Set(statistic).count == statistic.count else { throw ValidationError("a --statistic was given twice") }
  }

  func run() throws {
    var sampling = data.sampling
    sampling.expectation = Expectation(expectation ?? .expected, draws: draws)
    sampling.shard = shard
    var estimation = EstimationOptions()
    estimation.includesClassifier = classifier
    estimation.largestError = untilError
    options.run(
      processors, inputs: { InputPaths.of(models: [model]) + [FilePath(data.data)] }, others: [FilePath(output)]
    ) { session in
      let run = EstimateRun(
        session: session, model: model, data: data.source,
        statistics: StatisticKind.withCompanions(statistic), sampling: sampling,
        options: estimation, output: FilePath(output), isDouble: dtype == .float64, writesFingerprints: fingerprints,
        checkpoints: checkpoints.settings)
      return try run.run()
    }
  }
}

extension Shard: ExpressibleByArgument {
  /// Reads i/n.
  public init?(argument: String) { self.init(argument) }
}

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a model directory, a merge's output, or a file of tensors holds, and check it.")

  @Argument(help: ArgumentHelp("A directory or a file.", valueName: "path"))
  var path: String

  @OptionGroup var options: OutputOptions

  func run() throws {
    try runAlone(options, inputs: [FilePath(path)]) { console in
      let (text, json) = try Inspection.describe(FilePath(path))
      console.result(text)
      return json
    }
  }
}
