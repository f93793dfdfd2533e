import ForeignBytes
import Foundation

/// Gives mutated inputs to the readers of foreign bytes. `launch/fuzz` says how it is used.
#if !COVERAGE_GUIDED
  // libFuzzer has a `main` of its own.
  @main
#endif
struct Fuzz {
  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    let command = arguments.popFirst() ?? ""
    switch command {
    case "readers":
      for reader in Reader.all { print(reader.name) }
    case "corpus":
      let (reader, directory) = (reader(arguments.popFirst()), arguments.popFirst() ?? ".")
      for (index, seed) in reader.seeds.enumerated() { write(seed, to: "\(directory)/seed-\(index)") }
      let words = reader.words.map { word in
        "\"" + word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\"\n"
      }
      write(Array(words.joined().utf8), to: "\(directory).words")
    case "seeded":
      let reader = reader(arguments.popFirst())
      let count = number(arguments.popFirst()) ?? reader.testInputs
      SeededRun(reader, seed: UInt64(number(arguments.popFirst()) ?? 1)).run(count)
    case "show":
      let (reader, place) = (reader(arguments.popFirst()), number(arguments.popFirst()) ?? 0)
      FileHandle.standardOutput.write(
        Data(reader.input(place, seed: UInt64(number(arguments.popFirst()) ?? 1))))
    case "replay":
      let (reader, path) = (reader(arguments.popFirst()), arguments.popFirst() ?? "")
      guard let input = FileManager.default.contents(atPath: path) else { leave("there is no file \(path)") }
      print(reader.accepts(Array(input)) ? "accepted" : "refused")
    case "hostile":
      HostileFile.run(arguments.popFirst() ?? "")
    case "hostile-files":
      for file in HostileFile.all { print(file.name) }
    default:
      leave(
        "fuzz readers | corpus READER DIRECTORY | seeded READER [INPUTS [SEED]] | show READER NUMBER [SEED] | "
          + "replay READER FILE | hostile-files | hostile NAME")
    }
  }

  private static func reader(_ name: String?) -> Reader {
    guard let name, let reader = Reader.named(name) else {
      leave("no reader \(name ?? ""); there are \(Reader.all.map(\.name).joined(separator: ", "))")
    }
    return reader
  }

  private static func number(_ text: String?) -> Int? { text.flatMap { Int($0) } }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { leave("cannot write \(path)") }
  }
}

/// Ends the process with a message.
func leave(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(64)
}
