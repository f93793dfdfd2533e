import Parameters
import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

/// The parent of all suites that launch `fishermerge`: one job at a time, since each has several processes already.
@Suite("The program", .serialized)
enum ProgramTests {}

/// A directory with data for the reference's models `two`, `three` and `five`, where the program is run.
struct Program {
  let scratch: Scratch

  init(examples: Int = 150) throws {
    scratch = try Scratch()
    for (name, classes) in [("two", 2), ("three", 3), ("five", 5)] {
      try scratch.write(
        "\(name).jsonl", SyntheticText.jsonLines(examples: examples, classes: classes, seed: UInt64(classes)))
    }
  }

  func path(_ name: String) -> FilePath { scratch.path.pushing(FilePath(name)) }

  /// The path of a committed model.
  static func model(_ name: String) -> String {
    Reference.directory.appending("models").appending(name).string
  }

  /// Writes a recipe that merges `two`, `three` and `five`, or other entries for them.
  @discardableResult
  func recipe(
    _ method: String, _ parameters: String = "", models: [String: String] = [:], more: String = "",
    name: String = "recipe.yaml"
  ) throws -> FilePath {
    let entries = ["two", "three", "five"].map { task in
      "  - {name: \(task), model: \(models[task] ?? Self.model(task)), data: \(task).jsonl}"
    }
    return try scratch.write(
      name,
      "merge_method: \(method)\nparameters: {\(parameters)}\nmodels:\n\(entries.joined(separator: "\n"))\n\(more)\n")
  }

  /// Runs the program: plainly for nil ranks, else under `launch/local`.
  ///
  /// - Parameter directory: where it runs, below the scratch directory.
  func run(
    _ arguments: [String], ranks: Int? = nil, in directory: String = ".", environment: [String: String] = [:]
  ) throws -> Outcome {
    let place = path(directory)
    try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
    // No hub cache of the user's.
    let environment = ["HF_HUB_CACHE": scratch.path.appending("no-cache").string].merging(environment) { $1 }
    let url = URL(fileURLWithPath: place.string)
    guard let ranks else {
      return try Launching.plain("fishermerge", arguments, environment: environment, directory: url)
    }
    return try Launching.local(
      ranks: ranks, "fishermerge", arguments, environment: environment, directory: url)
  }

  /// Runs the program and requires that it succeeds.
  @discardableResult
  func succeed(
    _ arguments: [String], ranks: Int? = nil, in directory: String = ".", environment: [String: String] = [:]
  ) throws -> Outcome {
    let outcome = try run(arguments, ranks: ranks, in: directory, environment: environment)
    try #require(outcome.status == 0, "\(arguments) on \(ranks.map { "\($0)" } ?? "no") ranks: \(outcome)")
    return outcome
  }

  /// A JSON file that the program wrote.
  func json(_ name: String) throws -> JSON { try JSON(contentsOf: path(name)) }
}

extension Outcome {
  /// How many messages about errors there are: one line that begins with `error:` for each.
  var messages: Int { errors.split(separator: "\n").count { $0.hasPrefix("error: ") } }

  /// The message with its hint, without what Open MPI prints.
  var message: String {
    let lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.hasPrefix("error: ") }) else { return "" }
    return lines[start...].prefix(2).joined(separator: "\n")
  }
}
