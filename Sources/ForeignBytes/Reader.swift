import Checkpoints
import Diagnostics

/// A function of the program that reads bytes which anyone may have written.
///
/// To add one, add a row to ``all``: small valid files to begin with, the words of the format, and a call that returns
/// or throws a `DiagnosedError`. Tests and `launch/fuzz` take it from there.
package struct Reader: Sendable {
  package let name: String
  /// Valid files, small: what mutations start from.
  package let seeds: [[UInt8]]
  /// Words of the format, and values that readers trip over.
  package let words: [String]
  /// How many mutated inputs an ordinary test run gives it: about two seconds in a debug build.
  package let testInputs: Int
  private let body: @Sendable ([UInt8]) throws -> Void

  init(
    _ name: String, seeds: [String], words: [String] = [], testInputs: Int = 8_000,
    read body: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.init(name, seeds: seeds.map { Array($0.utf8) }, words: words, testInputs: testInputs, read: body)
  }

  init(
    _ name: String, seeds: [[UInt8]], words: [String] = [], testInputs: Int = 8_000,
    read body: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.words = words
    self.testInputs = testInputs
    self.body = body
  }

  /// Reads an input.
  ///
  /// - Returns: whether it was accepted; false where it was refused as it should be. All else traps: an error that
  ///   no user can act on, a message with control characters, a property that does not hold.
  @discardableResult
  package func accepts(_ input: [UInt8]) -> Bool {
    do {
      try body(input)
      return true
    } catch let error as any DiagnosedError {
      let text = error.description
      precondition(!error.subject.isEmpty && !error.problem.isEmpty && !error.remedy.isEmpty, "an error without words")
      precondition(text.utf8.count < 20_000, "a message of \(text.utf8.count) bytes")
      precondition(text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A && $0 != 0x7F }, "control characters in a message")
      precondition(text.utf8.count { $0 == 0x0A } == 1, "a message with forged lines")
      return false
    } catch is JSONError {
      return false
    } catch {
      preconditionFailure("\(name) threw \(error), which is no error for users")
    }
  }
}

/// A property of what was read that must hold whatever the bytes were; traps in release builds as well.
func require(_ condition: @autoclosure () throws -> Bool, _ what: StaticString) rethrows {
  guard try condition() else { preconditionFailure("\(what)") }
}
