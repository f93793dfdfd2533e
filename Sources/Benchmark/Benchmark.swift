// Measures the goals of docs/performance.md on this machine and prints them as a table: launch/benchmark.

import ArgumentParser
import Foundation
import SystemPackage

@main
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "launch/benchmark",
    abstract: "Measure how near this machine's limits the statistics are, with the goals beside it.",
    discussion: """
      Synthetic models and examples; takes minutes. Times are processor time of one core, but for whole programs. \
      What is compared is measured in turns, and medians are given. Nothing else should run on the machine.
      """)

  @Flag(help: "Compare with PyTorch (or JAX, where that is missing) on the same examples.")
  var peer = false

  @Option(help: ArgumentHelp("The Python for --peer.", valueName: "program"))
  var python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"

  @Option(help: ArgumentHelp("Write the rows as JSON to this file.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Draw the rows that have a goal, as SVG.", valueName: "file"))
  var figure: String?

  @Option(
    help: ArgumentHelp(
      "Print the ratio to the rows of an earlier --json file of the same processor.", valueName: "file"))
  var against: String?

  @Flag(help: "Fewer examples and turns: to see that everything works, or roughly how fast.")
  var quick = false

  @Flag(help: .hidden)
  var tiny = false

  @Option(help: .hidden)
  var program: String

  @Option(help: .hidden)
  var launcher: String

  @Option(help: .hidden)
  var peerScript: String

  /// Where models and results are written; must exist.
  @Option(help: .hidden)
  var directory: String

  /// The cores that whole programs may use, as taskset names them; this process has one of them.
  @Option(help: .hidden)
  var cores: String = ""

  func run() throws {
    do {
      try measure()
    } catch let error as BenchmarkError {
      FileHandle.standardError.write(Data("benchmark: \(error)\n".utf8))
      throw ExitCode(1)
    }
  }

  private func measure() throws {
    let settings = tiny ? Settings.tiny : quick ? Settings.quick : Settings.usual
    let earlier = try against.map { try EarlierResults(path: $0) }
    var results = Results()
    results.describeMachine()
    try earlier?.requireSameMachine(results)
    try settings.requireOneThread()
    // What would be found out after minutes only.
    if peer { try Peer.requireFramework(python: python, script: peerScript) }
    for file in [json, figure].compactMap(\.self) {
      let parent = URL(fileURLWithPath: file).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    }

    let work = FilePath(directory)
    let programs = Programs(program: program, launcher: launcher, cores: cores, directory: work)
    let bench = try Bench(settings, programs: programs)
    try bench.statistics(&results)
    try bench.smallModels(&results)
    try bench.families(&results)
    try bench.longTexts(&results)
    try bench.memoryAndStart(&results)
    try bench.twoRanks(&results)
    try bench.merge(&results)
    var failure: (any Error)?
    if peer {
      do { try PeerComparison(bench, python: python, script: peerScript).run(&results) } catch { failure = error }
    }

    print(results.table(against: earlier))
    if let json { try results.json().write(toFile: json, atomically: true, encoding: .utf8) }
    if let figure { try results.figure.write(toFile: figure, atomically: true, encoding: .utf8) }
    if let failure { throw failure }
  }
}

/// Why there is nothing to measure, or nothing to compare.
enum BenchmarkError: Error, CustomStringConvertible {
  case otherMachine(file: String, what: String, there: String, here: String)
  case unreadableResults(file: String)
  case failedProgram(command: String, status: Int32, errors: String)
  case peer(String)
  case threads(Int)

  var description: String {
    switch self {
    case .otherMachine(let file, let what, let there, let here):
      "\(file) is from another machine: its \(what) is \(there), here it is \(here); these speeds are not compared"
    case .unreadableResults(let file): "\(file) has no rows of an earlier run: write one with --json"
    case .failedProgram(let command, let status, let errors): "`\(command)` ended with \(status): \(errors)"
    case .peer(let problem): "the peer: \(problem)"
    case .threads(let count):
      "OpenBLAS has \(count) threads; set OPENBLAS_NUM_THREADS=1, since what is measured is one core"
    }
  }
}
