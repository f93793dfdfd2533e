import Checkpoints
import Foundation
import SystemPackage

/// The process that computes the same with another framework, which answers one line for each.
final class Peer {
  let framework: String
  /// What it is made of, beside the framework.
  let note: String
  let variants: [String]
  let batches: [Int]

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending: [UInt8] = []

  init(python: String, script: String, model: FilePath, examples: FilePath) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, "--model", model.string, "--examples", examples.string]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let (greeting, problem) = Self.line(from: output, &pending)
    guard let json = greeting, let framework = json["framework"]?.string else {
      process.waitUntilExit()
      throw BenchmarkError.peer("\(python) \(script) \(problem)")
    }
    self.framework = framework
    note = json["note"]?.string ?? ""
    variants = (json["variants"]?.array ?? []).compactMap(\.string)
    batches = (json["batches"]?.array ?? []).compactMap(\.integer)
  }

  /// Finds out whether there is a framework to compare with.
  static func requireFramework(python: String, script: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, "--probe"]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BenchmarkError.peer("\(python) has neither torch with transformers nor jax; name another with --python")
    }
  }

  /// "pytorch" or "jax", for names of rows.
  var shortName: String { framework.hasPrefix("JAX") ? "jax" : "pytorch" }

  /// Whether every shape is compiled when it is first seen, which is not to be measured.
  var compiles: Bool { shortName == "jax" }

  func ask(_ command: JSON) throws -> JSON {
    try input.fileHandleForWriting.write(contentsOf: Data((command.serialized(indentation: nil) + "\n").utf8))
    let (answer, problem) = Self.line(from: output, &pending)
    guard let answer else { throw BenchmarkError.peer("\(framework) \(problem)") }
    return answer
  }

  func seconds(_ command: JSON) throws -> Double {
    guard let seconds = try ask(command)["seconds"]?.double else { throw BenchmarkError.peer("no time") }
    return seconds
  }

  func end() throws {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// The next line, or why there is none.
  private static func line(from pipe: Pipe, _ pending: inout [UInt8]) -> (JSON?, String) {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeFirst(end + 1)
        return ((try? JSON(parsing: line)), "gave what is no JSON")
      }
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty { return (nil, "ended") }
      pending += data
    }
  }
}
