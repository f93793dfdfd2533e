/// A set of blocks by their indices, kept as runs: a task has thousands of blocks and few gaps.
package struct BlockSet: Sendable, Equatable {
  /// Sorted, not empty, and neither overlapping nor touching.
  package private(set) var runs: [Range<Int>] = []

  package init() {}

  package init(_ range: Range<Int>) { runs = range.isEmpty ? [] : [range] }

  /// The union of some ranges, in any order.
  package init(_ ranges: some Sequence<Range<Int>>) {
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = runs.last, range.lowerBound <= last.upperBound {
        runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        runs.append(range)
      }
    }
  }

  package init(_ indices: some Sequence<Int>) { self.init(indices.map { $0..<$0 + 1 }) }

  package var isEmpty: Bool { runs.isEmpty }
  package var count: Int { runs.reduce(0) { $0 + $1.count } }
  /// All members in increasing order.
  package var indices: [Int] { runs.flatMap { Array($0) } }

  package func contains(_ index: Int) -> Bool { runs.contains { $0.contains(index) } }

  package func union(_ other: BlockSet) -> BlockSet { BlockSet(runs + other.runs) }

  package func isDisjoint(with other: BlockSet) -> Bool { union(other).count == count + other.count }

  package func subtracting(_ other: BlockSet) -> BlockSet {
    var left: [Range<Int>] = []
    for run in runs {
      var start = run.lowerBound
      for hole in other.runs where hole.overlaps(run) {
        if start < hole.lowerBound { left.append(start..<hole.lowerBound) }
        start = max(start, hole.upperBound)
      }
      if start < run.upperBound { left.append(start..<run.upperBound) }
    }
    return BlockSet(left)
  }

  /// The first `count` members.
  package func prefix(_ count: Int) -> BlockSet { BlockSet(indices.prefix(max(0, count))) }
}

/// "0-17,20" with inclusive ends; "" for the empty set.
extension BlockSet: CustomStringConvertible {
  package var description: String {
    runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ",")
  }

  /// Reads ``description``; nil where that makes no sense or names a block beyond `limit`.
  package init?(_ text: String, limit: Int) {
    var ranges: [Range<Int>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: !text.isEmpty ? false : true) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
        first <= last, last < limit
      else { return nil }
      ranges.append(first..<last + 1)
    }
    self.init(ranges)
    guard description == text else { return nil }
  }
}

extension BlockSet: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let set = BlockSet(text, limit: .max) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no set of blocks")
    }
    self = set
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
