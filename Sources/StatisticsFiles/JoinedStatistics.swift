import Estimation
import LinearAlgebra

/// Several kinds of statistics of the same examples, each in files of its own, as one reader.
package struct JoinedStatistics: StatisticReader {
  private let parts: [CombinedStatistics]
  /// Which part has a tensor.
  private let places: [String: Int]

  package var kinds: [StatisticKind] { parts.flatMap(\.kinds) }
  package var examples: Int { parts[0].examples }
  package var tokens: Int { parts[0].tokens }

  /// - Parameter parts: at least one, of different kinds, and of one model and the same examples.
  package init(_ parts: [CombinedStatistics]) {
    precondition(
      parts.allSatisfy { ($0.examples, $0.tokens) == (parts[0].examples, parts[0].tokens) }, "the same examples")
    self.parts = parts
    places = Dictionary(
      parts.enumerated().flatMap { place, part in part.description.tensors.map { ($0.name, place) } },
      uniquingKeysWith: { first, _ in first })
  }

  package func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws {
    try parts[places[name] ?? 0].read(name, elements, into: out)
  }

  package func mapped(_ name: String) -> Vector<Double>? { places[name].flatMap { parts[$0].mapped(name) } }
}
