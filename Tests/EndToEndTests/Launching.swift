import Foundation
import Testing

/// What a command line came to.
struct Outcome: CustomStringConvertible {
  /// The exit code; 128 + n for a process that signal n ended, 124 or 137 for one that took too long.
  let status: Int32
  let output: String
  let errors: String

  var description: String { "exit code \(status)\n--- standard output\n\(output)--- standard error\n\(errors)---" }

  /// How often `text` occurs in the standard error: a failed job prints one message, whatever the number of ranks.
  func errorCount(of text: String) -> Int { errors.components(separatedBy: text).count - 1 }
}

/// Starts built products the ways that users do: plainly, with mpirun, on several hosts.
///
/// Every launch has a time limit, runs without a terminal and without standard input, and sees nothing of the launcher
/// or the settings that the tests themselves run under.
enum Launching {
  /// The top of the repository.
  static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Where products of a release build are; nil for those of this build.
  static let releaseProducts = ProcessInfo.processInfo.environment["RELEASE_PRODUCTS"]

  /// The path of an executable product: of the release build where that has it, or of this build.
  static func product(_ name: String) -> String {
    if let directory = releaseProducts {
      let path = "\(directory)/\(name)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    let runner = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return runner.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// Runs a command line and waits for its end.
  ///
  /// - Parameters:
  ///   - command: the program, by name or path, and its arguments.
  ///   - environment: variables in addition to (or instead of) those of the tests.
  ///   - directory: where it runs; the top of the repository by default.
  ///   - seconds: after which it is ended, for the price of exit code 124 or 137. Far above what it needs.
  static func run(
    _ command: [String], environment: [String: String] = [:], directory: URL = repository, seconds: Int = 300
  ) throws -> Outcome {
    let files = FileManager.default.temporaryDirectory.appendingPathComponent("launching-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: files) }
    // Files, not pipes: nobody has to read while the command runs, and a daemon that stays behind holds nothing open.
    func file(_ name: String) throws -> FileHandle {
      let url = files.appendingPathComponent(name)
      try Data().write(to: url)
      return try FileHandle(forWritingTo: url)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // The threads that tests run on block most signals, and processes inherit that: jobs would never see theirs.
    process.arguments = ["--default-signal", "timeout", "-k", "10", "\(seconds)"] + command
    process.currentDirectoryURL = directory
    process.environment = cleanEnvironment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try file("output")
    process.standardError = try file("errors")
    try withSignalsUnblocked { try process.run() }
    process.waitUntilExit()
    let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: files.appendingPathComponent(name)), as: UTF8.self)
    }
    return Outcome(status: status, output: try text("output"), errors: try text("errors"))
  }

  /// A process is born with the signals blocked that its parent's thread blocks, and the threads that run tests block
  /// nearly all: mpirun would never see a SIGUSR1.
  private static func withSignalsUnblocked(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var usual = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &usual)
    defer { pthread_sigmask(SIG_SETMASK, &usual, nil) }
    try body()
  }

  /// Runs a product as one plain process.
  static func plain(
    _ product: String, _ arguments: [String], environment: [String: String] = [:], directory: URL = repository
  ) throws -> Outcome {
    try run([self.product(product)] + arguments, environment: environment, directory: directory)
  }

  /// Runs a product on `ranks` ranks of this machine, with `launch/local`.
  static func local(
    ranks: Int, _ product: String, _ arguments: [String], environment: [String: String] = [:],
    directory: URL = repository
  ) throws -> Outcome {
    let script = repository.appendingPathComponent("launch/local").path
    return try run(
      [script, "\(ranks)"] + arguments,
      environment: ["FISHERMERGE": self.product(product)].merging(environment) { $1 }, directory: directory)
  }

  /// Runs a shell command line on the first of `hosts` namespaced hosts with `slots` slots each; see
  /// Tests/Cluster/cluster for the variables that it finds. `$FISHERMERGE` is the product.
  static func cluster(
    hosts: Int, slots: Int, _ product: String, _ commandLine: String, environment: [String: String] = [:],
    seconds: Int = 200
  ) throws -> Outcome {
    try run(
      [clusterScript, "run", "\(hosts)", "\(slots)", "\(seconds)", "bash", "-c", commandLine],
      environment: ["FISHERMERGE": self.product(product)].merging(environment) { $1 }, seconds: seconds + 30)
  }

  /// Runs a shell command line on the first of three namespaced hosts with two slots each, all of which belong to a
  /// Slurm of their own. `$FISHERMERGE` is the product, and the working directory the top of the repository.
  ///
  /// Once more where Open MPI 4.1 has crashed over two ranks that connect to each other at the same time.
  static func slurm(
    _ product: String, _ commandLine: String, environment: [String: String] = [:], seconds: Int = 200
  ) throws -> Outcome {
    func launch() throws -> Outcome {
      try run(
        [clusterScript, "run", "3", "2", "\(seconds)", slurmScript, "bash", "-c", commandLine],
        environment: ["FISHERMERGE": self.product(product)].merging(environment) { $1 }, seconds: seconds + 30)
    }
    let outcome = try launch()
    let isLostRace =
      outcome.status == 139 && outcome.errors.contains("mca_btl_tcp_recv_blocking] recv(")
      && outcome.errors.contains("Connection reset by peer")
    return isLostRace ? try launch() : outcome
  }

  /// Why no hosts can be made here; nil where they can.
  static let clusterObstacle = obstacle([clusterScript, "check"])
  /// Why links between hosts cannot be slow here; nil where they can.
  static let delayObstacle = obstacle([clusterScript, "check-delay"])
  /// Why Slurm cannot run here; nil where it can.
  static let slurmObstacle = clusterObstacle ?? obstacle([slurmScript, "check"])

  /// What a command complains of; nil where it succeeds.
  private static func obstacle(_ check: [String]) -> String? {
    do {
      let outcome = try run(check, seconds: 30)
      return outcome.status == 0 ? nil : outcome.errors.trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      return "\(error)"
    }
  }

  /// Makes hosts, and lets things happen to them.
  static let clusterScript = repository.appendingPathComponent("Tests/Cluster/cluster").path
  private static let slurmScript = repository.appendingPathComponent("Tests/Cluster/slurm").path

  /// The tests' environment without what a launcher, a job or a shell may have left in it.
  private static var cleanEnvironment: [String: String] {
    let foreign = ["OMPI_", "PMIX_", "PMI_", "SLURM_", "OPENBLAS_", "OMP_", "FISHERMERGE"]
    var environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !foreign.contains { name.hasPrefix($0) }
    }
    // Several launches may run at a time: bound ranks would all share the first cores.
    environment["OMPI_MCA_hwloc_base_binding_policy"] = "none"
    return environment
  }
}
