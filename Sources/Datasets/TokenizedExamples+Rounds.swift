extension TokenizedExamples {
  /// The examples at `indices`, which must be in increasing order. How many were cut to the greatest length is not
  /// known of a part.
  package func part(_ indices: [Int]) -> TokenizedExamples {
    guard indices.count < count else { return self }
    var (ids, types, offsets): ([Int32], [Int32], [Int]) = ([], [], [0])
    for index in indices {
      ids += self[index].ids
      types += self[index].typeIDs
      offsets.append(ids.count)
    }
    return TokenizedExamples(
      ids: ids, typeIDs: types, offsets: offsets, attendedLengths: indices.map { attendedLengths[$0] },
      rowIndices: indices.map { rowIndices[$0] }, targets: indices.map { targets[$0] }, fileRowCount: fileRowCount,
      truncatedCount: 0)
  }

  /// The same examples as if none had been cut: what they are without how they came to be.
  package var withoutTruncatedCount: TokenizedExamples {
    TokenizedExamples(
      ids: ids, typeIDs: typeIDs, offsets: offsets, attendedLengths: attendedLengths, rowIndices: rowIndices,
      targets: targets, fileRowCount: fileRowCount, truncatedCount: 0)
  }

  /// All examples cut into rounds in a random order that `seed` decides: `first`, then a quarter of what came before,
  /// at least a quarter of `first`, until all are used. Every round, and all rounds up to one, are random samples of
  /// the examples.
  ///
  /// The order is that of ``ExampleSelection``: k examples in whole rounds are those that a choice of k by the same
  /// seed gives.
  package func rounds(first: Int, seed: UInt64) -> [[Int]] {
    precondition(first > 0, "a round has examples")
    let place = Dictionary(uniqueKeysWithValues: rowIndices.enumerated().map { ($1, $0) })
    let order = ExampleSelection.order(of: rowIndices, seed: seed).compactMap { place[$0] }
    var rounds: [[Int]] = []
    var start = 0
    while start < order.count {
      let size = start == 0 ? first : max(start / 4, first / 4, 1)
      rounds.append(Array(order[start..<min(order.count, start + size)]))
      start += size
    }
    return rounds
  }
}
