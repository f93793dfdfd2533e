import ArgumentParser
import Checkpoints
import StatisticsFiles
import SystemPackage

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check statistics files: hash, finiteness, plausibility; needs no MPI.",
    discussion: "Prints a line for each check, and one error for the first that a file fails. Reads every number.")

  @Argument(help: ArgumentHelp("Statistics files.", valueName: "file"))
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "The model that the statistics should be of: a directory, or a name in the local hub cache.", valueName: "dir"))
  var model: String?

  @OptionGroup var options: OutputOptions

  func run() throws {
    try runAlone(options, inputs: files.map { FilePath($0) } + InputPaths.of(models: [model].compactMap(\.self))) {
      console in
      let (json, failure) = try Verification.run(files.map { FilePath($0) }, model: model, console: console)
      if let failure {
        // The report tells of the files that passed and of those that did not.
        try options.write(json)
        throw failure
      }
      return json
    }
  }
}
