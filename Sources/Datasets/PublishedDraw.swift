/// How a published program chooses rows of a data file, and in which order (`docs/compatibility.md`).
package enum PublishedDraw: Sendable, Equatable {
  /// The first `count` rows; every row where the file has no more.
  case first(count: Int)
  /// The rows of `ExampleSelection.random`, in the order of the keys that choose them.
  case shuffled(count: Int, seed: UInt64)
  /// `count` rows drawn WITH replacement by NumPy's legacy generator; see ``MersenneTwister``.
  case withReplacement(count: Int, seed: UInt32)

  /// The chosen rows of `rowCount` in the order in which they are chosen; a row may be there several times.
  package func order(of rowCount: Int) -> [Int] {
    switch self {
    case .first(let count): return Array(0..<min(rowCount, max(count, 0)))
    case .shuffled(let count, let seed):
      let mixedSeed = SplitMix64.mix(seed)
      return ExampleSelection.random(count: count, seed: seed).rows(of: rowCount)
        .map { (key: SplitMix64.mix(mixedSeed ^ UInt64($0)), row: $0) }
        .sorted { ($0.key, $0.row) < ($1.key, $1.row) }.map(\.row)
    case .withReplacement(let count, let seed):
      guard rowCount > 0 else { return [] }
      var generator = MersenneTwister(seed: seed)
      return (0..<count).map { _ in generator.next(below: rowCount) }
    }
  }

  /// The same rows in increasing order, each once.
  package func rows(of rowCount: Int) -> [Int] { Set(order(of: rowCount)).sorted() }
}
