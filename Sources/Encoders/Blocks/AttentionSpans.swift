/// Some queries of an example and the keys that any of them sees, counted from the example's first.
package struct AttentionSpan: Equatable {
  package let queries, keys: Range<Int>
}

/// How the queries of an example are computed: all at once, or, where there is a window w and the example is longer, some
/// at a time with the keys up to w beside them. A collection that takes no memory.
package struct AttentionSpans: RandomAccessCollection {
  private let queries, keys: Int
  /// Nil where all queries see all keys.
  private let window: Int?

  /// How many queries of a local layer are computed together.
  static var queriesPerSpan: Int { 64 }

  init(queries: Int, keys: Int, window: Int?) {
    self.queries = queries
    self.keys = keys
    self.window = window.flatMap { keys > $0 + 1 ? $0 : nil }
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { window == nil ? 1 : (queries + Self.queriesPerSpan - 1) / Self.queriesPerSpan }

  package subscript(index: Int) -> AttentionSpan {
    guard let window else { return AttentionSpan(queries: 0..<queries, keys: 0..<keys) }
    let first = index * Self.queriesPerSpan
    let last = Swift.min(queries, first + Self.queriesPerSpan)
    return AttentionSpan(
      queries: first..<last, keys: Swift.max(0, first - window)..<Swift.min(keys, last + window))
  }
}
