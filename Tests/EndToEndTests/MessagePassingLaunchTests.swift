import Foundation
import Testing

/// What the launch scripts set, seen from inside a rank.
@Suite("Launch scripts", .serialized)
struct MessagePassingLaunchTests {
  /// Runs `launch/local` with a system program in the place of fishermerge.
  func local(_ program: String, _ arguments: [String], _ environment: [String: String] = [:]) throws -> Outcome {
    let script = Launching.repository.appendingPathComponent("launch/local").path
    return try Launching.run(
      [script] + arguments, environment: ["FISHERMERGE": program].merging(environment) { $1 },
      directory: FileManager.default.temporaryDirectory)
  }

  @Test("a rank has one BLAS thread, and the core type that OpenBLAS finds")
  func blasSettings() throws {
    let inherited = ["OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "1"]
    let outcome = try local("env", ["1", "-u", "NOTHING"], inherited)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.output.contains("OPENBLAS_NUM_THREADS=1\n"), "\(outcome)")
    #expect(!outcome.output.contains("OPENBLAS_CORETYPE"), "\(outcome)")
    #expect(!outcome.output.contains("OPENBLAS_L2_SIZE"), "\(outcome)")
  }

  @Test("threads and core type can be asked for")
  func chosenSettings() throws {
    let chosen = ["OPENBLAS_NUM_THREADS": "2", "FISHERMERGE_CORETYPE": "Haswell"]
    let outcome = try local("env", ["1", "-u", "NOTHING"], chosen)
    #expect(outcome.output.contains("OPENBLAS_NUM_THREADS=2\n"), "\(outcome)")
    #expect(outcome.output.contains("OPENBLAS_CORETYPE=Haswell\n"), "\(outcome)")
  }

  @Test("arguments arrive as they are, and exit codes come back")
  func arguments() throws {
    let outcome = try local("printf", ["1", "[%s]", "a b", "", "$HOME;*"])
    #expect(outcome.output == "[a b][][$HOME;*]", "\(outcome)")
    #expect(try local("bash", ["2", "-c", "exit 65"]).status == 65)
  }

  @Test("without a number there is one rank per core at most")
  func defaultRanks() throws {
    let outcome = try local("printenv", ["OMPI_COMM_WORLD_SIZE"])
    let sizes = outcome.output.split(separator: "\n").compactMap { Int($0) }
    #expect(!sizes.isEmpty && sizes.allSatisfy { $0 == sizes.count }, "\(outcome)")
    #expect(sizes.count <= ProcessInfo.processInfo.activeProcessorCount, "\(outcome)")
  }

  @Test("a missing program, host file or argument is said before anything starts")
  func missing() throws {
    let program = try local("no-such-program", ["1", "merge"])
    #expect(program.status == 66 && program.errors.contains("no-such-program"), "\(program)")
    let hosts = Launching.repository.appendingPathComponent("launch/hosts").path
    let hostfile = try Launching.run([hosts, "no-such-file", "merge"])
    #expect(hostfile.status == 66 && hostfile.errors.contains("no-such-file"), "\(hostfile)")
    #expect(try local("true", []).status == 64)
  }
}
