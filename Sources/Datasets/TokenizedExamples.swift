/// The chosen rows of one data file as token ids, stored flat: no padding, no array per example.
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
    ids: [Int32], typeIDs: [Int32], offsets: [Int], rowIndices: [Int], targets: [Target], fileRowCount: Int,
    truncatedCount: Int
  ) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.offsets = offsets
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
    rowIndices.append(rowIndex)
    targets.append(target)
    if encoding.isTruncated { truncatedCount += 1 }
  }
}
