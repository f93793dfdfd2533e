/// Which rows of a data file are used.
package enum ExampleSelection: Sendable, Equatable, Codable {
  /// Every row.
  case all
  /// `count` rows drawn without replacement by `seed`; every row where the file has no more than `count`.
  case random(count: Int, seed: UInt64)
  /// The first `count` rows; every row where the file has no more. Published programs do so (`docs/compatibility.md`).
  case first(count: Int)
  /// `count` rows drawn WITH replacement, as a published program draws them; see ``MersenneTwister``.
  case withReplacement(count: Int, seed: UInt32)

  /// The chosen rows of `rowCount`, in increasing order, each once.
  package func rows(of rowCount: Int) -> [Int] {
    switch self {
    case .all, .first: draw(of: rowCount)
    case .random: draw(of: rowCount).sorted()
    case .withReplacement: Set(draw(of: rowCount)).sorted()
    }
  }

  /// The chosen rows in the order in which they are chosen; a row may be there several times.
  ///
  /// Of `random`, row i has the key mix(mix(seed) ^ i); the `count` smallest keys are taken, ties by the smaller i. So a smaller
  /// choice by the same seed is the beginning of a larger one, and the choice depends on nothing but seed and row index.
  package func draw(of rowCount: Int) -> [Int] {
    switch self {
    case .all: return Array(0..<rowCount)
    case .first(let count): return Array(0..<min(rowCount, max(count, 0)))
    case .withReplacement(let count, let seed):
      guard rowCount > 0 else { return [] }
      var generator = MersenneTwister(seed: seed)
      return (0..<count).map { _ in generator.next(below: rowCount) }
    case .random(let count, let seed):
      let mixedSeed = SplitMix64.mix(seed)
      let ranked = (0..<rowCount).map { (key: SplitMix64.mix(mixedSeed ^ UInt64($0)), row: $0) }
        .sorted { ($0.key, $0.row) < ($1.key, $1.row) }
      return ranked.prefix(max(count, 0)).map(\.row)
    }
  }
}
