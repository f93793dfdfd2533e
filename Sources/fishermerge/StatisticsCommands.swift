import ArgumentParser
import Runs
import StatisticsFiles
import SystemPackage

struct CombineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine", abstract: "Add the statistics files of shards or sites; needs no MPI.",
    discussion: """
      The result is what one estimation over all examples gives. All files must be of one model, with the same kinds and the same \
      expectation, and must not have examples in common. The order of the files changes no bit.
      """)

  @Argument(help: ArgumentHelp("Two statistics files or more.", valueName: "file"))
  var files: [String]

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The safetensors file to write; it must not exist.", valueName: "file"))
  var output: String

  @Flag(help: "Add files that have, or may have, examples in common; these count as often as they occur.")
  var allowOverlap = false

  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard files.count > 1 else { throw ValidationError("combine takes two files or more") }
  }

  func run() throws {
    try runAlone(options) { console in
      try Combination.run(
        files.map { FilePath($0) }, output: FilePath(output), allowsOverlap: allowOverlap, console: console)
    }
  }
}

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
    try runAlone(options) { console in
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
