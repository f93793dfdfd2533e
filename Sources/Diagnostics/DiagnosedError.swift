/// An error that a user can act on: it names what is wrong, where, and what to do about it.
///
/// Every error type of the package conforms, so that the command line can print exactly one message and leave with a
/// documented code. Conforming types are enumerations with payloads; tests match the case, users read the text.
package protocol DiagnosedError: Error, CustomStringConvertible, Sendable {
  /// What the message is about: a file, `file:line`, a tensor, an option.
  var subject: String { get }
  /// What is wrong with it, in one sentence without a full stop.
  var problem: String { get }
  /// What the user can do, in one sentence without a full stop.
  var remedy: String { get }
  /// The process exit code for this kind of failure.
  var exitCode: FailureCode { get }
}

extension DiagnosedError {
  package var description: String { "\(legible(subject)): \(legible(problem))\n  hint: \(legible(remedy))" }
}

/// Text for a terminal, where parts of it come from a file that anyone may have written: control characters as escapes,
/// which could otherwise forge lines or command the terminal, and no more than `limit` characters.
package func legible(_ text: String, limit: Int = 1000) -> String {
  guard text.utf8.count > limit || !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text }
  var legible = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    guard count < limit else { return legible + "…" }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: legible += scalar.escaped(asASCII: true)
    case .format where scalar.properties.isBidiControl: legible += scalar.escaped(asASCII: true)
    default: legible.unicodeScalars.append(scalar)
    }
  }
  return legible
}

/// The exit codes of `fishermerge`, after BSD's `sysexits.h`; documented for users in `docs/running.md`.
package enum FailureCode: Int32, Sendable, Codable, CaseIterable {
  /// The command line or the recipe is wrong.
  case usage = 64
  /// A model, data or statistics file has the wrong content.
  case badInput = 65
  /// An input file or model is missing or cannot be read.
  case missingInput = 66
  /// A defect of this program.
  case defect = 70
  /// MPI, the launcher or the system failed (too little memory), or they disagree about the number of ranks.
  case messagePassing = 71
  /// The output exists already or cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed on the way: disk full, I/O error.
  case inputOutput = 74
  /// The run was asked to leave before it was done; the same command with `--resume` goes on.
  case interrupted = 75
}

/// The nearest of `candidates` to `word` by edit distance, if it is near enough to be a likely misspelling.
///
/// Used by every "unknown key" message. Near enough means a distance of at most a third of the word's length (at least
/// 2).
package func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
  let limit = max(2, word.count / 3)
  var best: (distance: Int, candidate: String)?
  // A foreign word may be as long as a file, and its distance is at least the difference in length.
  let length = word.count
  for candidate in candidates where abs(candidate.count - length) <= limit {
    let distance = editDistance(Array(word.lowercased()), Array(candidate.lowercased()))
    if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
  }
  return best?.candidate
}

/// The Levenshtein distance between two strings of characters: the fewest insertions, deletions and substitutions.
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
