import Diagnostics
import MessagePassing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a check found wrong.
struct CheckFailure: DiagnosedError {
  let what: String
  var subject: String { "check" }
  var problem: String { what }
  var remedy: String { "see Sources/MessagePassingChecks" }
  var exitCode: FailureCode { .badInput }
}

/// Errors such as other modules throw.
enum SampleError: DiagnosedError, Equatable {
  case missing(String)
  var subject: String { "models/é" }
  var problem: String { if case .missing(let what) = self { "there is no \(what)" } else { "" } }
  var remedy: String { "give another directory" }
  var exitCode: FailureCode { .missingInput }
}

/// An error that is not diagnosed.
struct PlainError: Error {}

func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw CheckFailure(what: what()) }
}

func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: @autoclosure () -> String) throws {
  if found != expected { throw CheckFailure(what: "\(what()): \(found) instead of \(expected)") }
}

/// Runs `body` and returns what it throws.
func errorOf(_ what: String, _ body: () throws -> Void) throws -> any Error {
  do { try body() } catch { return error }
  throw CheckFailure(what: "\(what) did not throw")
}

/// Counts around the borders of a chunk.
func counts<Scalar: MessageScalar>(of type: Scalar.Type, fewer: Bool = false) -> [Int] {
  let chunk = Scalar.chunkCount
  if fewer { return [0, 7, chunk + 1] }
  return [0, 1, 7, chunk - 1, chunk, chunk + 1, 2 * chunk + 3]
}

/// A long buffer filled by a formula that repeats after `period` elements, so that even a debug build fills and
/// compares millions of elements quickly. The period divides no chunk, so that exchanged chunks are noticed.
struct Pattern<Scalar: MessageScalar> {
  static var period: Int { 1021 }
  let values: [Scalar]

  init(_ formula: (Int) -> Scalar) { values = (0..<Self.period).map(formula) }

  func array(count: Int) -> [Scalar] {
    Array(unsafeUninitializedCapacity: count) { buffer, filled in
      filled = count
      guard let base = buffer.baseAddress, count > 0 else { return }
      var done = min(count, values.count)
      base.initialize(from: values, count: done)
      while done < count {
        // What is there is a whole number of periods, so it can be repeated as it is.
        let next = min(done, count - done)
        (base + done).initialize(from: base, count: next)
        done += next
      }
    }
  }

  func expectFilled(_ found: [Scalar], _ what: @autoclosure () -> String) throws {
    let expected = array(count: found.count)
    let isEqual = found.withUnsafeBytes { left in
      expected.withUnsafeBytes { right in
        left.count == 0 || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0
      }
    }
    if isEqual { return }
    let index = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
    throw CheckFailure(what: "\(what()): element \(index) of \(found.count) is \(found[index]), not \(expected[index])")
  }
}
