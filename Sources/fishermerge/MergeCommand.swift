import ArgumentParser
import Planning
import Runs
import SystemPackage

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Merge the models of a recipe.",
    discussion: """
      Writes DIR/backbone (the merged encoder), DIR/NAME for each task (a complete model: backbone and the task's own head) and \
      DIR/manifest.json. DIR appears complete or not at all.
      """)

  @Argument(help: ArgumentHelp("The recipe, in YAML.", valueName: "recipe"))
  var recipe: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The directory to write; it must not exist.", valueName: "dir"))
  var output: String

  @Option(help: ArgumentHelp("Start a new weight file above this size, such as 5GB or 500MB.", valueName: "size"))
  var outShardSize: ByteSize = ByteSize(bytes: 5_000_000_000)

  @Option(
    help: ArgumentHelp(
      "What each rank may keep of distill's activations, such as 2GB: the others are computed anew at every step, with the same result. Default: all.",
      valueName: "size"))
  var activations: ByteSize?

  @OptionGroup var checkpoints: CheckpointOptions

  @OptionGroup var processors: ProcessorOptions

  @OptionGroup var options: OutputOptions

  func run() throws {
    options.run(processors, inputs: { try InputPaths.of(recipe: recipe) }, others: [FilePath(output)]) { session in
      let run = MergeRun(
        session: session, recipe: FilePath(recipe), output: FilePath(output), shardBytes: outShardSize.bytes,
        checkpoints: checkpoints.settings, activationBytes: activations?.bytes)
      return try run.run()
    }
  }
}

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Check a recipe and predict work, memory and messages; needs no MPI.",
    discussion: "Opens and checks every file that the merge would use, and exits non-zero on any error.")

  @Argument(help: ArgumentHelp("The recipe, in YAML.", valueName: "recipe"))
  var recipe: String

  @OptionGroup var options: OutputOptions

  func run() throws {
    try runAlone(options, inputs: try InputPaths.of(recipe: recipe)) { console in
      let report = try PlanReport(recipe: FilePath(recipe), console: console)
      console.result(report.text)
      return report.json
    }
  }
}

/// A size such as 5GB, 500MB or 1000000.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units = ["TB": 1_000_000_000_000, "GB": 1_000_000_000, "MB": 1_000_000, "KB": 1000, "B": 1]
    let text = argument.uppercased()
    let unit = units.keys.sorted { $0.count > $1.count }.first { text.hasSuffix($0) }
    guard let number = Int(text.dropLast(unit?.count ?? 0)), number > 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.flatMap { units[$0] } ?? 1)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  var defaultValueDescription: String { bytes % 1_000_000_000 == 0 ? "\(bytes / 1_000_000_000)GB" : "\(bytes)B" }
}
