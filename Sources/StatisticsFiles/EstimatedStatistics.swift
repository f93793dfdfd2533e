import Estimation
import LinearAlgebra

/// Sums that this run estimated, reduced on this rank.
package struct EstimatedStatistics: StatisticReader {
  package let kinds: [StatisticKind]
  package let examples: Int
  package let tokens: Int
  private let places: [String: (sums: FixedPointSums, slot: Int)]

  package init(_ statistics: [(kind: StatisticKind, statistic: any Statistic<Float>)], examples: Int, tokens: Int) {
    kinds = statistics.map(\.kind)
    self.examples = examples
    self.tokens = tokens
    var places: [String: (FixedPointSums, Int)] = [:]
    for (_, statistic) in statistics {
      for (index, slot) in statistic.sums.slots.enumerated() { places[slot.name] = (statistic.sums, index) }
    }
    self.places = places
  }

  package func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) {
    guard let place = places[name] else { fatalError("\(name) was not estimated") }
    place.sums.read(place.slot, elements, into: out)
  }
}
