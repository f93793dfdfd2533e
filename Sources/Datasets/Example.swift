/// One tokenised example: its ids with special tokens, and the index of the row that it comes from.
package struct Example: Sendable, Equatable {
  /// Token ids, special tokens included.
  package let ids: ArraySlice<Int32>
  /// Segment (token type) of each id.
  package let typeIDs: ArraySlice<Int32>
  /// Index among the data rows of the file, from 0; the header and blank lines are not counted.
  package let rowIndex: Int
  package let target: Target
}
