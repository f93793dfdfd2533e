/// Which rows of a data file are used.
package enum ExampleSelection: Sendable, Equatable, Codable {
  /// Every row.
  case all
  /// `count` rows drawn without replacement by `seed`; every row where the file has no more than `count`.
  case random(count: Int, seed: UInt64)

  /// The chosen rows of `rowCount`, in increasing order.
  ///
  /// Row i has the key mix(mix(seed) ^ i); the `count` smallest keys are taken, ties by the smaller i. So a smaller
  /// choice by the same seed is a subset of a larger one, and the choice depends on nothing but seed and row index.
  package func rows(of rowCount: Int) -> [Int] {
    guard case .random(let count, let seed) = self, count < rowCount else { return Array(0..<rowCount) }
    let mixedSeed = SplitMix64.mix(seed)
    let ranked = (0..<rowCount).map { (key: SplitMix64.mix(mixedSeed ^ UInt64($0)), row: $0) }
      .sorted { ($0.key, $0.row) < ($1.key, $1.row) }
    return ranked.prefix(max(count, 0)).map(\.row).sorted()
  }
}
