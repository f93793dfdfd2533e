import Foundation
import Testing

/// Counts of what blocks cost, in processes of their own, held against ``Budget``.
@Suite("Budgets", .serialized)
struct BudgetTests {
  @Test("A block asks for no more memory than its budget", .enabled(if: isGlibc), arguments: budgets)
  func allocations(budget: Budget) throws {
    let counts = try JSONDecoder().decode(
      Counts.self, from: Data(try run([checks, "allocations", budget.statistic]).utf8))
    print("\(budget.statistic): \(counts.heap) allocations and \(counts.maps) maps a block")
    #expect(counts.heap <= budget.heap, "allocations of a block; Budget.swift says what to do")
    #expect(counts.maps <= budget.maps, "maps of a block; Budget.swift says what to do")
  }

  @Test(
    "A token takes no more instructions outside the matrix products than its budget",
    .enabled(if: hasValgrind, "valgrind is missing"), arguments: budgets)
  func instructions(budget: Budget) throws {
    // What start, measuring and first blocks take drops out.
    let (few, many) = (try profile(budget.statistic, blocks: 1), try profile(budget.statistic, blocks: 3))
    let tokens = many.tokens - few.tokens
    let perToken = (many.profile.outsideProducts - few.profile.outsideProducts) / tokens
    let all = (many.profile.total - few.profile.total) / tokens
    print("\(budget.statistic): \(perToken) instructions a token outside OpenBLAS, \(all) in all")
    // Else the products were not told apart.
    #expect(all > perToken + perToken / 10)
    #expect(perToken <= budget.instructions, "instructions a token; Budget.swift says what to do")
  }

  @Test("A profile is read as callgrind's manual describes it")
  func callgrind() {
    let profile = Callgrind(
      """
      version: 1
      positions: line
      events: Ir

      ob=(1) /bin/program
      fl=(1) main.c
      fn=(1) main
      16 400
      cob=(2) /lib/libopenblas.so.0
      cfn=(2) sgemm
      calls=1 50
      16 7000
      +1 20
      * 3

      ob=(2)
      fn=(2)
      51 6900
      cfn=(4) sgemm_kernel
      calls=1 9
      51 6000
      cob=(3) /lib/libc.so.6
      cfn=(5) memset
      calls=1 9
      51 100

      ob=(3)
      fn=(5)
      9 130

      ob=(1)
      fn=(3) other
      -2 7
      totals: 7460
      """)
    // 400 + 20 + 3 of main, 7 of other, and 30 of 130 in memset.
    #expect(profile.outsideProducts == 460)
    #expect(profile.total == 7460)
  }

  private struct Counts: Decodable {
    let heap, maps: Int
  }

  private struct Tokens: Decodable { let tokens: Int }

  private func profile(_ statistic: String, blocks: Int) throws -> (profile: Callgrind, tokens: Int) {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("callgrind-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let output = try run(
      [
        "valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=\(file.path)", checks, "run", statistic,
        "\(blocks)",
      ])
    let tokens = try JSONDecoder().decode(Tokens.self, from: Data(output.utf8)).tokens
    return (Callgrind(try String(contentsOf: file, encoding: .utf8)), tokens)
  }
}

/// The program that is counted: that beside the tests, or another build of it, such as a release's.
private let checks: String = {
  if let given = ProcessInfo.processInfo.environment["BUDGET_CHECKS"] { return given }
  let runner = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
  return runner.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("BudgetChecks").path
}()

/// The budgets for the way in which the program was built.
private let budgets: [Budget] = {
  let configuration = (try? run([checks, "configuration"])) ?? "debug"
  return configuration.hasPrefix("release") ? Budget.release : Budget.debug
}()

#if canImport(Glibc)
  private let isGlibc = true
#else
  private let isGlibc = false
#endif

private let hasValgrind = (try? run(["valgrind", "--version"])) != nil

private struct Failure: Error { let command: [String], status: Int32, errors: String }

/// What a command prints, which must succeed.
private func run(_ command: [String]) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = command
  process.environment = ProcessInfo.processInfo.environment.merging([
    // valgrind 3.19 knows no AVX-512, and takes long for the fused products and sums of OpenBLAS's kernels for AVX2,
    // which are not counted anyway. Hashes that are seeded at random would cost another number of steps each time.
    "OPENBLAS_CORETYPE": "Sandybridge", "OPENBLAS_NUM_THREADS": "1", "SWIFT_DETERMINISTIC_HASHING": "1",
  ]) { $1 }
  process.standardInput = FileHandle.nullDevice
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    throw Failure(command: command, status: process.terminationStatus, errors: complaint)
  }
  return text
}
