import Checkpoints
import Diagnostics
import Foundation
import SystemPackage

/// Where a run's words go: standard error for what happens, standard output for results, a log file for both.
///
/// Only the root's console speaks; on other ranks all but ``error(_:)`` is silent. Whole lines only. Labels, names and
/// paths come from files that anyone may have written: control characters are printed as escapes, here for all that is
/// said. A line feed ends a line of a result and of an error; in a note or a warning, which are one line each, it is an
/// escape like any other.
package final class Console {
  package struct Options: Sendable {
    /// Print results and errors only.
    package var isQuiet = false
    package var logFile: String?

    package init() {}
  }

  /// Whether standard error is a terminal, where a line may be overwritten.
  let isTerminal: Bool
  private let speaks: Bool
  /// Whether warnings are given by a rank that says nothing else.
  private let onlyWarns: Bool
  private let isQuiet: Bool
  private let log: AppendedFile?
  private var hasOpenLine = false
  private var hasLostResult = false
  private var hasLostLog = false

  /// - Parameter speaks: whether this rank is the root.
  package init(_ options: Options, speaks: Bool) throws {
    self.speaks = speaks
    onlyWarns = false
    isQuiet = options.isQuiet
    isTerminal = isatty(STDERR_FILENO) == 1
    if let path = options.logFile, speaks {
      do { log = try AppendedFile(path: FilePath(path)) } catch { throw ConsoleError.logFile(path) }
    } else {
      log = nil
    }
  }

  private init(warningsOf other: Console) {
    (speaks, onlyWarns, log) = (false, true, nil)
    (isQuiet, isTerminal) = (other.isQuiet, other.isTerminal)
  }

  /// The console of a rank that leads others, but is not the root: it says what the user should change, and nothing else.
  package var warningOnly: Console { Console(warningsOf: self) }

  /// A line about what happens.
  package func note(_ text: String) {
    guard speaks else { return }
    let line = Self.legibleLine(text)
    record(line)
    if !isQuiet { writeLine(line, to: .standardError) }
  }

  /// A line about something that the user should change.
  package func warn(_ text: String) { onlyWarns ? alarm(text) : note("warning: \(text)") }

  /// A warning from whichever rank has to give it.
  package func alarm(_ text: String) {
    let line = Self.legibleLine("warning: \(text)")
    record(line)
    if !isQuiet || !speaks { writeLine(line, to: .standardError) }
  }

  /// A result: printed even where the run is quiet. See ``verifyResults()``.
  package func result(_ text: String) {
    guard speaks else { return }
    let lines = Self.legibleLines(text)
    record(lines)
    if !writeLine(lines, to: .standardOutput) { hasLostResult = true }
  }

  /// Throws where a result could not be printed: standard output is a full disk, say. Not collective.
  package func verifyResults() throws(ConsoleError) {
    if hasLostResult { throw .standardOutput }
  }

  /// Why the run ends; from whichever rank has to say it.
  package func error(_ text: String) {
    let lines = Self.legibleLines("error: \(text)")
    record(lines)
    writeLine(lines, to: .standardError)
  }

  /// Shows `text` in place of the last such line; on a terminal only.
  func overwrite(_ text: String) {
    guard speaks, !isQuiet, isTerminal else { return }
    write("\r\u{1B}[K\(Self.legibleLine(text))", to: .standardError)
    hasOpenLine = true
  }

  /// Removes the line that ``overwrite(_:)`` left.
  func clearLine() {
    guard hasOpenLine else { return }
    write("\r\u{1B}[K", to: .standardError)
    hasOpenLine = false
  }

  private static func legibleLine(_ text: String) -> String { legible(text, limit: .max) }

  private static func legibleLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { legibleLine(String($0)) }.joined(
      separator: "\n")
  }

  @discardableResult
  private func writeLine(_ text: String, to handle: FileHandle) -> Bool {
    clearLine()
    return write(text + "\n", to: handle)
  }

  /// A line that cannot be written must not end hours of work; false where it was lost.
  @discardableResult
  private func write(_ text: String, to handle: FileHandle) -> Bool {
    do {
      try handle.write(contentsOf: Data(text.utf8))
      return true
    } catch {
      return false
    }
  }

  private func record(_ text: String) {
    guard let log, !hasLostLog else { return }
    do { try log.write("\(Date().formatted(.iso8601)) \(text)\n") } catch {
      hasLostLog = true
      writeLine("warning: the log file cannot be written any more; the run goes on without it", to: .standardError)
    }
  }
}
