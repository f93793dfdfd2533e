import Tokenizers

/// The chosen rows of one data file as token ids, stored flat: no array per example, and no padding but where
/// ``padded(to:with:isAttended:)`` adds it.
///
/// Examples stand in the order of their rows. The value is complete in itself, so that the rank that read the file can
/// send it to the others as bytes (see `bytes` and `init(decoding:)`).
package struct TokenizedExamples: Sendable, Equatable {
  /// Token ids of all examples, one after the other.
  package private(set) var ids: [Int32] = []
  /// Segment (token type) of each entry of `ids`.
  package private(set) var typeIDs: [Int32] = []
  /// Example e owns the entries `offsets[e]..<offsets[e + 1]`; `count + 1` entries, the first is 0.
  package private(set) var offsets: [Int] = [0]
  /// How many tokens of each example are attended to, from its first on; fewer than it has where padding is not.
  package private(set) var attendedLengths: [Int] = []
  /// The row of the file that each example comes from, strictly increasing.
  package private(set) var rowIndices: [Int] = []
  /// The target of each example.
  package private(set) var targets: [Target] = []
  /// How many rows the file has, chosen or not.
  package let fileRowCount: Int
  /// How many examples were cut to the greatest length.
  package private(set) var truncatedCount = 0

  /// An empty collection for a file of `fileRowCount` rows.
  package init(fileRowCount: Int) { self.fileRowCount = fileRowCount }

  /// The parts must fit together; `init(decoding:)` checks them before it calls this.
  init(
    ids: [Int32], typeIDs: [Int32], offsets: [Int], attendedLengths: [Int], rowIndices: [Int], targets: [Target],
    fileRowCount: Int, truncatedCount: Int
  ) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.offsets = offsets
    self.attendedLengths = attendedLengths
    self.rowIndices = rowIndices
    self.targets = targets
    self.fileRowCount = fileRowCount
    self.truncatedCount = truncatedCount
  }

  /// The number of examples.
  package var count: Int { rowIndices.count }
  package var isEmpty: Bool { rowIndices.isEmpty }
  /// The number of tokens of all examples, special tokens included.
  package var tokenCount: Int { ids.count }

  /// The number of tokens of example `index`.
  package func length(_ index: Int) -> Int { offsets[index + 1] - offsets[index] }

  package subscript(_ index: Int) -> Example {
    let range = offsets[index]..<offsets[index + 1]
    return Example(
      ids: ids[range], typeIDs: typeIDs[range], rowIndex: rowIndices[index], target: targets[index])
  }

  /// Adds one example; `rowIndex` must be greater than that of the last one and less than `fileRowCount`.
  package mutating func append(_ encoding: Encoding, rowIndex: Int, target: Target) {
    precondition(rowIndex > rowIndices.last ?? -1 && rowIndex < fileRowCount, "rows are added in order")
    precondition(encoding.ids.count == encoding.typeIDs.count, "one segment for each id")
    ids += encoding.ids
    typeIDs += encoding.typeIDs
    offsets.append(ids.count)
    attendedLengths.append(encoding.ids.count)
    rowIndices.append(rowIndex)
    targets.append(target)
    if encoding.isTruncated { truncatedCount += 1 }
  }
}

extension TokenizedExamples {
  /// How often each of so many token ids occurs.
  package func tokenCounts(vocabulary: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: vocabulary)
    for id in ids { counts[Int(id)] += 1 }
    return counts
  }

  /// The same examples with padding behind each, of token type 0: for programs that count it (`docs/compatibility.md`).
  ///
  /// - Parameters:
  ///   - lengths: of each example with its padding; where an example is longer, it stays as it is.
  ///   - isAttended: whether padding is a token like any other, or is computed and not attended to.
  package func padded(to lengths: [Int], with id: Int32, isAttended: Bool) -> TokenizedExamples {
    precondition(lengths.count == count, "one length for each example")
    var result = self
    (result.ids, result.typeIDs, result.offsets) = ([], [], [0])
    for index in 0..<count {
      let padding = max(0, lengths[index] - length(index))
      result.ids += self[index].ids + repeatElement(id, count: padding)
      result.typeIDs += self[index].typeIDs + repeatElement(0, count: padding)
      result.offsets.append(result.ids.count)
      if isAttended { result.attendedLengths[index] = result.length(index) }
    }
    return result
  }

  /// The same examples with token type 0 throughout.
  package func withoutTokenTypes() -> TokenizedExamples {
    var result = self
    result.typeIDs = Array(repeating: 0, count: typeIDs.count)
    return result
  }
}
