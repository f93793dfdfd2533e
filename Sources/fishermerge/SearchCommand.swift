import ArgumentParser
import Runs
import SystemPackage

extension SearchedParameters.Key: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Search coefficients and settings of a recipe, and merge by the best.",
    discussion: """
      The models' `validation:` files decide: the coefficients with the highest mean score win. Two models are tried on an even \
      grid, more with random coefficients. With --parameter settings of the method are searched first, with equal \
      coefficients, then the coefficients with the best of them. Statistics are estimated once. \
      Writes what merge writes, and search.json with all trials.
      """)

  @Argument(help: ArgumentHelp("The recipe, in YAML.", valueName: "recipe"))
  var recipe: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The directory to write; it must not exist.", valueName: "dir"))
  var output: String

  @Option(help: "Grid points for two models; draws for more, beside equal coefficients; 0 for equal ones alone.")
  var trials = 51

  @Option(
    name: .customLong("parameter"),
    help: ArgumentHelp(
      "Values of a setting to try, such as ridge=0.01,0.1; of several settings all combinations.",
      valueName: "key=values"))
  var parameters: [SearchedParameters.Key] = []

  @Option(help: "Decides the random coefficients.")
  var searchSeed: UInt64 = 0

  @Option(help: ArgumentHelp("Start a new weight file above this size, such as 5GB or 500MB.", valueName: "size"))
  var outShardSize: ByteSize = ByteSize(bytes: 5_000_000_000)

  @OptionGroup var checkpoints: CheckpointOptions

  @OptionGroup var processors: ProcessorOptions

  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard (2...100_000).contains(trials) || trials == 0 && !parameters.isEmpty else {
      throw ValidationError("--trials must be between 2 and 100000, or 0 with --parameter")
    }
    let combinations = parameters.reduce(1.0) { $0 * Double($1.values.count) }
    guard combinations <= 100_000 else { throw ValidationError("--parameter has more than 100000 combinations") }
  }

  func run() throws {
    options.run(processors, inputs: { try InputPaths.of(recipe: recipe) }, others: [FilePath(output)]) { session in
      let run = SearchRun(
        session: session, recipe: FilePath(recipe), output: FilePath(output), shardBytes: outShardSize.bytes,
        trials: trials, seed: searchSeed, parameters: parameters, checkpoints: checkpoints.settings)
      return try run.run()
    }
  }
}
