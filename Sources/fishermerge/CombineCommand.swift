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
    try runAlone(options, inputs: files.map { FilePath($0) }, others: [FilePath(output)]) { console in
      try Combination.run(
        files.map { FilePath($0) }, output: FilePath(output), allowsOverlap: allowOverlap, console: console)
    }
  }
}
