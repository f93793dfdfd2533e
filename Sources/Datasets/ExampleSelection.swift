/// Which rows of a data file are used.
package struct ExampleSelection: Sendable, Equatable, Codable {
  /// How many rows, drawn without replacement, and what decides them.
  package struct Draw: Sendable, Equatable, Codable {
    package var count: Int
    package var seed: UInt64
  }

  /// The part of the file that is used, nil for the whole.
  package var shard: Shard?
  /// The rows that are drawn among these, nil for all.
  package var draw: Draw?

  /// Every row.
  package static let all = ExampleSelection()

  /// `count` rows drawn without replacement by `seed`; every row where the file has no more than `count`.
  package static func random(count: Int, seed: UInt64) -> ExampleSelection {
    ExampleSelection(draw: Draw(count: count, seed: seed))
  }

  /// The same choice among the rows of a shard.
  package func within(_ shard: Shard?) -> ExampleSelection { ExampleSelection(shard: shard, draw: draw) }

  /// The chosen rows of `rowCount`, in increasing order.
  ///
  /// The `count` first rows of ``order(of:seed:)`` are taken. So a smaller choice by the same seed is a subset of a
  /// larger one, and the choice depends on nothing but shard, seed and row index.
  package func rows(of rowCount: Int) -> [Int] {
    let rows = candidates(of: rowCount)
    guard let draw, draw.count < rows.count else { return rows }
    return Self.order(of: rows, seed: draw.seed).prefix(max(draw.count, 0)).sorted()
  }

  /// The rows that are taken next, in this order, where some of the chosen ones cannot be used. So a choice with rows
  /// left out is one among the rows that can be used.
  func reserve(of rowCount: Int) -> [Int] {
    let rows = candidates(of: rowCount)
    guard let draw, draw.count < rows.count else { return [] }
    return Array(Self.order(of: rows, seed: draw.seed).dropFirst(max(draw.count, 0)))
  }

  private func candidates(of rowCount: Int) -> [Int] {
    shard.map { Array($0.rows(of: rowCount)) } ?? Array(0..<rowCount)
  }

  /// Rows in a random order that `seed` decides: by the keys mix(mix(seed) ^ i), ties by the smaller i.
  package static func order(of rows: [Int], seed: UInt64) -> [Int] {
    let mixedSeed = SplitMix64.mix(seed)
    return rows.map { (key: SplitMix64.mix(mixedSeed ^ UInt64($0)), row: $0) }
      .sorted { ($0.key, $0.row) < ($1.key, $1.row) }.map(\.row)
  }
}

/// One of n parts of a data file: the rows whose index modulo n is the part's number minus 1.
///
/// Written i/n, with i from 1. Every row is in one of the n parts, and the parts are like the whole where rows that are
/// near each other are alike.
package struct Shard: Sendable, Equatable, Codable, CustomStringConvertible {
  /// From 1.
  package let number: Int
  /// n.
  package let count: Int

  /// Nil unless 1 ≤ number ≤ count.
  package init?(_ number: Int, of count: Int) {
    guard number >= 1, number <= count else { return nil }
    self.number = number
    self.count = count
  }

  /// Reads "2/3"; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy(\.isWholeNumber) }), let number = Int(parts[0]),
      let count = Int(parts[1])
    else { return nil }
    self.init(number, of: count)
  }

  package var description: String { "\(number)/\(count)" }

  /// The indices of its rows among `rowCount`, in increasing order.
  package func rows(of rowCount: Int) -> StrideTo<Int> { stride(from: number - 1, to: rowCount, by: count) }

  /// Whether two different parts of one cut: they have no row in common.
  package func isDisjoint(from other: Shard) -> Bool { count == other.count && number != other.number }
}
