import Foundation
import SystemPackage

/// Runs `fishermerge` as users do, and looks at it from outside.
struct Programs {
  let program: String
  /// launch/local.
  let launcher: String
  /// The cores for runs with several ranks; empty for those of this process.
  let cores: String
  let directory: FilePath

  struct Outcome {
    let seconds: Double
    /// The largest RssAnon that was seen, in bytes; 0 where nobody looked.
    var privateBytes = 0
  }

  /// Whether two ranks can have a core each.
  var hasSeveralCores: Bool {
    cores.isEmpty ? ProcessInfo.processInfo.activeProcessorCount > 1 : cores.contains { $0 == "," || $0 == "-" }
  }

  func path(_ name: String) -> FilePath { directory.appending(name) }

  /// One plain process on this process's core.
  ///
  /// - Parameter watching: whether its memory is looked at, which costs it some time.
  func alone(_ arguments: [String], watching: Bool = false) throws -> Outcome {
    try run([program] + arguments, environment: [:], watching: watching)
  }

  /// Some ranks on all cores, one for each.
  func ranks(_ count: Int, _ arguments: [String]) throws -> Outcome {
    let widened = cores.isEmpty ? [] : ["taskset", "-c", cores]
    return try run(
      widened + [launcher, "\(count)"] + arguments, environment: ["FISHERMERGE": program], watching: false)
  }

  private func run(_ command: [String], environment: [String: String], watching: Bool) throws -> Outcome {
    let log = path("log-\(UUID().uuidString)")
    try Data().write(to: URL(fileURLWithPath: log.string))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log.string))
    process.standardOutput = output
    process.standardError = output
    var privateBytes = 0
    let seconds = try clockSeconds {
      try process.run()
      while watching, process.isRunning {
        privateBytes = max(privateBytes, Self.privateBytes(of: process.processIdentifier))
        usleep(5000)
      }
      process.waitUntilExit()
    }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let text = (try? String(contentsOfFile: log.string, encoding: .utf8)) ?? ""
      throw BenchmarkError.failedProgram(
        command: command.joined(separator: " "), status: process.terminationStatus, errors: String(text.suffix(2000)))
    }
    try FileManager.default.removeItem(atPath: log.string)
    return Outcome(seconds: seconds, privateBytes: privateBytes)
  }

  /// RssAnon of a process; env has replaced itself by the program.
  private static func privateBytes(of process: Int32) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split(separator: " ").dropFirst().first).flatMap { Int($0) }.map { 1024 * $0 } ?? 0
  }
}
