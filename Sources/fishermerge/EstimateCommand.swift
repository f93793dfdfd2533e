import ArgumentParser
import Checkpoints
import Estimation
import MergeRun
import SystemPackage

struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate", abstract: "Estimate statistics of one model on one data file.",
    discussion:
      "The file holds sums over examples, so that the files of two shards add up. Several statistics share one pass.")

  @Option(help: ArgumentHelp("A model directory, or a name in the local hub cache.", valueName: "dir"))
  var model: String

  @OptionGroup var data: DataOptions

  @Option(help: "mask-fisher or fisher; give the option twice for both.")
  var statistic: [StatisticKind]

  @Option(help: "Which labels the squared gradients are averaged over.")
  var expectation: Expectation.Name = .expected

  @Option(help: "How many labels per example --expectation sampled draws.")
  var draws: Int?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The safetensors file to write; it must not exist.", valueName: "file"))
  var output: String

  @Option(help: "The type of the sums in the file: float64 or float32.")
  var dtype: SumType = .float64

  @OptionGroup var options: OutputOptions

  enum SumType: String, ExpressibleByArgument, CaseIterable { case float64, float32 }

  func validate() throws {
    guard draws == nil || expectation == .sampled else {
      throw ValidationError("--draws belongs to --expectation sampled")
    }
    guard (1...1000).contains(draws ?? 1) else { throw ValidationError("--draws must be between 1 and 1000") }
    guard Set(statistic).count == statistic.count else { throw ValidationError("a --statistic was given twice") }
  }

  func run() throws {
    var sampling = data.sampling
    sampling.expectation = Expectation(expectation, draws: draws ?? 1)
    options.run { session in
      let run = EstimateRun(
        session: session, model: model, data: data.source,
        statistics: StatisticKind.allCases.filter { statistic.contains($0) }, sampling: sampling,
        output: FilePath(output), isDouble: dtype == .float64)
      return try run.run()
    }
  }
}

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a model directory, a merge's output or a safetensors file holds, and check it.")

  @Argument(help: ArgumentHelp("A directory or a file.", valueName: "path"))
  var path: String

  @OptionGroup var options: OutputOptions

  func run() throws {
    try runAlone(options) { console in
      let (text, json) = try Inspection.describe(FilePath(path))
      console.result(text)
      return json
    }
  }
}
