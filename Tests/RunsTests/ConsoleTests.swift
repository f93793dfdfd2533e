import Foundation
import SystemPackage
import Terminal
import TestSupport
import Testing

@Suite("What the console says")
struct ConsoleTests {
  /// The lines of the log of what `body` says.
  private func logged(_ body: (Console) -> Void) throws -> [String] {
    let scratch = try Scratch()
    let file = scratch.path.appending("log").string
    var options = Console.Options()
    options.isQuiet = true
    options.logFile = file
    body(try Console(options, speaks: true))
    return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
      String($0.drop { $0 != " " }.dropFirst())
    }
  }

  @Test("Names from files cannot command the terminal or forge lines")
  func escapes() throws {
    let name = "a\u{1B}]0;x\u{7}\r\u{9B}2J\u{202E}b"
    let shown = "a\\u{1B}]0;x\\u{07}\\r\\u{009B}2J\\u{202E}b"
    let lines = try logged { console in
      console.note("\(name)\nwarning: forged")
      console.warn("\(name)\nx")
      console.result("\(name)\nsecond line")
    }
    #expect(lines[0] == "\(shown)\\nwarning: forged" && lines[1] == "warning: \(shown)\\nx")
    #expect(lines[2] == shown)
  }

  @Test("A cell of a table is on one line, and long lines of a console are whole")
  func tables() throws {
    var table = Table(["class", "f1"])
    table.add(["a\nb\u{1B}[31m", "1"])
    #expect(table.text.split(separator: "\n").count == 3)
    #expect(table.text.contains("a\\nb\\u{1B}[31m"))
    let long = String(repeating: "é", count: 3000)
    #expect(try logged { $0.note(long) } == [long])
  }
}
