import ForeignBytes
import Foundation
import Testing

/// The readers in processes of their own: what a defect ends is the process, and the kernel bounds its memory.
@Suite("Foreign bytes", .serialized)
struct FuzzTests {
  @Test("Mutated inputs are read or refused with an error that says what to do", arguments: Reader.all.map(\.name))
  func seeded(reader: String) throws {
    let run = try fuzz("seeded", reader)
    #expect(run.code == 0, "\(run.text)")
  }

  @Test("The files that mutations start from are valid", arguments: Reader.all.map(\.name))
  func seeds(reader: String) throws {
    let reader = try #require(Reader.named(reader))
    for (index, seed) in reader.seeds.enumerated() {
      #expect(reader.accepts(seed), "seed \(index)")
    }
  }

  @Test("A file that claims to be more than it is costs no more than a stated bound", arguments: try hostileFiles())
  func hostile(file: String) throws {
    let run = try fuzz("hostile", file)
    #expect(run.code == 0, "\(run.text)")
  }

  private static func hostileFiles() throws -> [String] {
    let run = try fuzz("hostile-files")
    return run.text.split(separator: "\n").map(String.init)
  }
}

/// Runs the built driver and gives what it printed and its exit code.
private func fuzz(_ arguments: String...) throws -> (text: String, code: Int32) {
  let process = Process()
  let runner = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
  process.executableURL = runner.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("fuzz")
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (String(decoding: output, as: UTF8.self), process.terminationStatus)
}
