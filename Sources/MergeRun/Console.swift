import Foundation

/// Where a run's words go: standard error for what happens, standard output for results, a log file for both.
///
/// Only the root's console speaks; on other ranks all but ``error(_:)`` is silent. Whole lines only.
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
  private let isQuiet: Bool
  private let log: FileHandle?
  private var hasOpenLine = false

  /// - Parameter speaks: whether this rank is the root.
  package init(_ options: Options, speaks: Bool) throws {
    self.speaks = speaks
    isQuiet = options.isQuiet
    isTerminal = isatty(STDERR_FILENO) == 1
    if let path = options.logFile, speaks {
      if !FileManager.default.fileExists(atPath: path) {
        guard FileManager.default.createFile(atPath: path, contents: nil) else { throw RunError.logFile(path) }
      }
      guard let handle = FileHandle(forWritingAtPath: path) else { throw RunError.logFile(path) }
      handle.seekToEndOfFile()
      log = handle
    } else {
      log = nil
    }
  }

  /// A line about what happens.
  package func note(_ text: String) {
    guard speaks else { return }
    record(text)
    if !isQuiet { writeLine(text, to: .standardError) }
  }

  /// A line about something that the user should change.
  package func warn(_ text: String) { note("warning: \(text)") }

  /// A result: printed even where the run is quiet.
  package func result(_ text: String) {
    guard speaks else { return }
    record(text)
    writeLine(text, to: .standardOutput)
  }

  /// Why the run ends; from whichever rank has to say it.
  package func error(_ text: String) {
    record("error: \(text)")
    writeLine("error: \(text)", to: .standardError)
  }

  /// Shows `text` in place of the last such line; on a terminal only.
  func overwrite(_ text: String) {
    guard speaks, !isQuiet, isTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    hasOpenLine = true
  }

  /// Removes the line that ``overwrite(_:)`` left.
  func clearLine() {
    guard hasOpenLine else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    hasOpenLine = false
  }

  private func writeLine(_ text: String, to handle: FileHandle) {
    clearLine()
    handle.write(Data((text + "\n").utf8))
  }

  private func record(_ text: String) {
    log?.write(Data("\(Date().formatted(.iso8601)) \(text)\n".utf8))
  }
}
