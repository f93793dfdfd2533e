import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import Sessions
import SystemPackage
import Terminal

/// What every command knows about its output.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print results and errors only.")
  var quiet = false

  @Option(help: ArgumentHelp("Append everything that is printed to this file, with times.", valueName: "file"))
  var logFile: String?

  @Option(help: ArgumentHelp("Write the result as JSON to this file.", valueName: "file"))
  var json: String?

  var console: Console.Options {
    var options = Console.Options()
    options.isQuiet = quiet
    options.logFile = logFile
    return options
  }

  /// Runs a command on all ranks: the options' files are checked before `work`, so that hours of it are not lost to a
  /// misspelled path, and its result is written after it. **Collective.**
  ///
  /// - Parameters:
  ///   - inputs: what the command reads, which no output may be. Looked at on the root.
  ///   - others: outputs beside the options'.
  ///   - work: gives its result on the root.
  func run(
    _ processors: ProcessorOptions, inputs: () throws -> [FilePath], others: [FilePath] = [],
    _ work: (Session) throws -> JSON?
  ) -> Never {
    Session.run(
      console, allowsUnlikeProcessors: processors.allowUnlikeProcessors,
      onRoot: { try OutputConflicts.check(files + others, inputs: try inputs()) }
    ) { session in
      try session.onRoot { try check() }
      let result = try work(session)
      try session.onRoot { try write(result) }
    }
  }

  /// The options' files.
  var files: [FilePath] { [json, logFile].compactMap { $0 }.map { FilePath($0) } }

  /// Finds out whether the file of `--json` can be created, and leaves nothing behind.
  func check() throws {
    if let json { _ = try AtomicFile(FilePath(json), replacing: true) }
  }

  /// Writes the result where `--json` asked for it.
  func write(_ result: JSON?) throws {
    guard let json, let result else { return }
    let file = try AtomicFile(FilePath(json), replacing: true)
    try file.output.write(result.serialized() + "\n")
    try file.commit()
  }
}

/// Runs a command that needs no other rank, with the same messages and exit codes as one that does. Under a launcher
/// all processes but the first do nothing.
///
/// - Parameters:
///   - inputs: what the command reads, which no output may be.
///   - others: outputs beside the options'.
func runAlone(
  _ options: OutputOptions, inputs: @autoclosure () throws -> [FilePath], others: [FilePath] = [],
  _ body: (Console) throws -> JSON
) throws {
  guard Session.isFirstProcess else { return }
  var console: Console?
  do {
    try OutputConflicts.check(options.files + others, inputs: try inputs())
    let opened = try Console(options.console, speaks: true)
    console = opened
    try options.check()
    try options.write(try body(opened))
    try opened.verifyResults()
  } catch {
    let reported = diagnosis(of: error)
    if let console {
      console.error(reported.description)
    } else {
      FileHandle.standardError.write(Data("error: \(reported.description)\n".utf8))
    }
    throw ExitCode(reported.exitCode.rawValue)
  }
}
