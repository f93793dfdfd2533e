import ArgumentParser
import Runs
import SystemPackage

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Evaluate every method on all pairs of a recipe's models, and on all of them.",
    discussion: """
      Every model of the recipe needs `data:` (statistics), `test:` (scores) and, for the search of coefficients, \
      `validation:`. The recipe's merge_method and its settings are not looked at, but for those of the statistics. \
      Writes results.md, results.json and report.html, and no model.
      """)

  @Argument(help: ArgumentHelp("The recipe, in YAML.", valueName: "recipe"))
  var recipe: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The directory to write; it must not exist.", valueName: "dir"))
  var output: String

  @Option(help: "Coefficients that each search tries; 0 for no search.")
  var trials = 51

  @Option(help: "Decides the random coefficients.")
  var searchSeed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "What other programs reach on the same tasks, as JSON; it is shown beside the methods.", valueName: "file"))
  var others: String?

  @OptionGroup var checkpoints: CheckpointOptions

  @OptionGroup var processors: ProcessorOptions

  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard trials == 0 || (2...100_000).contains(trials) else {
      throw ValidationError("--trials must be 0, or between 2 and 100000")
    }
  }

  func run() throws {
    options.run(processors, inputs: { try InputPaths.of(recipe: recipe) }, others: [FilePath(output)]) { session in
      try ComparisonRun(
        session: session, recipe: FilePath(recipe), output: FilePath(output), trials: trials, seed: searchSeed,
        others: others.map { FilePath($0) }, checkpoints: checkpoints.settings
      ).run()
    }
  }
}
