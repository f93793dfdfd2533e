import LinearAlgebra

/// Which entries of a task vector are among its largest: exactly so many, by magnitude; of equal ones those that come
/// first.
///
/// The magnitude at the cut is found from counts of bit patterns, which have the order of the magnitudes: two passes
/// over the entries, and no copy of them. Asked entry by entry, in their order.
package struct MagnitudeCut: Sendable {
  /// The bit pattern of the smallest magnitude that is kept, and how many entries of just this magnitude are.
  private var smallest: UInt32
  private var equalsLeft: Int

  /// Keeps everything.
  package static let none = MagnitudeCut(smallest: 0, equalsLeft: .max)

  private init(smallest: UInt32, equalsLeft: Int) { (self.smallest, self.equalsLeft) = (smallest, equalsLeft) }

  /// Finds the cut of one tensor.
  ///
  /// - Parameters:
  ///   - count: how many entries are kept, at least 1 and at most as many as there are.
  ///   - forEachEntry: calls what it is given with every entry, in any order; called twice.
  package init(keeping count: Int, forEachEntry: (_ take: (Float) -> Void) throws -> Void) rethrows {
    precondition(count > 0, "a cut keeps something")
    // Of the upper half of the patterns, then of the lower half among those with the upper half at the cut.
    var counts = [Int](repeating: 0, count: 1 << 16)
    try forEachEntry { counts[Int($0.magnitude.bitPattern >> 16)] += 1 }
    let (upper, above) = Self.place(of: count, in: counts)
    counts = [Int](repeating: 0, count: 1 << 16)
    try forEachEntry {
      let pattern = $0.magnitude.bitPattern
      if Int(pattern >> 16) == upper { counts[Int(pattern & 0xFFFF)] += 1 }
    }
    let (lower, greater) = Self.place(of: count - above, in: counts)
    self.init(smallest: UInt32(upper << 16 | lower), equalsLeft: count - above - greater)
  }

  /// From the top, the place where as many as `count` are reached, and how many are above it.
  private static func place(of count: Int, in counts: [Int]) -> (place: Int, above: Int) {
    var above = 0
    for place in counts.indices.reversed() {
      if above + counts[place] >= count { return (place, above) }
      above += counts[place]
    }
    return (0, above)
  }

  /// Whether the next entry is kept.
  @inline(__always)
  package mutating func keeps(_ entry: Float) -> Bool {
    let pattern = entry.magnitude.bitPattern
    if pattern != smallest { return pattern > smallest }
    guard equalsLeft > 0 else { return false }
    equalsLeft -= 1
    return true
  }
}
