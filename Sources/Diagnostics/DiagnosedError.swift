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
  package var description: String { "\(subject): \(problem)\n  hint: \(remedy)" }
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
  /// MPI or the launcher failed, or they disagree about the number of ranks.
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
/// Used by every "unknown key" message. Near enough means a distance of at most a third of the word's length (at least 2).
package func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
  let limit = max(2, word.count / 3)
  var best: (distance: Int, candidate: String)?
  for candidate in candidates {
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
