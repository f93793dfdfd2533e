import ArgumentParser
import Runs
import SystemPackage

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Search the coefficients of a recipe's models, and merge by the best.",
    discussion: """
      The models' `validation:` files decide: the coefficients with the highest mean score win. Two models are tried on an even \
      grid, more with random coefficients. Statistics are estimated once; several trials are evaluated at a time. \
      Writes what merge writes, and search.json with all trials.
      """)

  @Argument(help: ArgumentHelp("The recipe, in YAML.", valueName: "recipe"))
  var recipe: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The directory to write; it must not exist.", valueName: "dir"))
  var output: String

  @Option(help: "Grid points for two models; draws for more, beside equal coefficients.")
  var trials = 51

  @Option(help: "Decides the random coefficients.")
  var searchSeed: UInt64 = 0

  @Option(help: ArgumentHelp("Start a new weight file above this size, such as 5GB or 500MB.", valueName: "size"))
  var outShardSize: ByteSize = ByteSize(bytes: 5_000_000_000)

  @OptionGroup var checkpoints: CheckpointOptions

  @OptionGroup var processors: ProcessorOptions

  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard (2...100_000).contains(trials) else { throw ValidationError("--trials must be between 2 and 100000") }
  }

  func run() throws {
    options.run(processors, inputs: { try InputPaths.of(recipe: recipe) }, others: [FilePath(output)]) { session in
      let run = SearchRun(
        session: session, recipe: FilePath(recipe), output: FilePath(output), shardBytes: outShardSize.bytes,
        trials: trials, seed: searchSeed, checkpoints: checkpoints.settings)
      return try run.run()
    }
  }
}
