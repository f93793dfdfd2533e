import Datasets
import Estimation

/// Which examples a statistic is estimated from and under which labels; common to recipes and `estimate`.
package struct Sampling: Sendable, Codable, Equatable {
  /// How many rows of each data file are drawn, without replacement; nil for all.
  package var examples: Int?
  package var expectation: Expectation = .expected
  /// Decides the rows that are drawn and the labels of `sampled` and the signs of `sketched`.
  package var seed: UInt64 = 0
  /// The longest sequence in tokens, special tokens included; nil for the model's limit.
  package var maximumLength: Int?
  /// The part of each data file among whose rows the choice is made; nil for the whole.
  package var shard: Shard?

  package init() {}

  /// Which rows of a data file are used.
  package var selection: ExampleSelection {
    (examples.map { ExampleSelection.random(count: $0, seed: seed) } ?? .all).within(shard)
  }
}
