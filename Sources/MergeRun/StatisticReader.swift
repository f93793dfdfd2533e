import Estimation
import LinearAlgebra

/// The sums of one model's statistics, wherever they are: just estimated, in a file, or in several files that add up.
///
/// What a merge reads; tensors have the names that `docs/file-formats.md` gives. Not collective.
protocol StatisticReader {
  var kinds: [StatisticKind] { get }
  /// N, what sums of squares are divided by.
  var examples: Int { get }
  /// The tokens of all examples: the rows in every Gram matrix but those of [CLS] tokens.
  var tokens: Int { get }
  /// Writes some consecutive entries of a tensor, in double.
  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws
  /// All entries of a tensor where they lie, for as long as this reader lives; nil where they have to be read.
  func mapped(_ name: String) -> Vector<Double>?
}

extension StatisticReader {
  func mapped(_ name: String) -> Vector<Double>? { nil }

  /// All entries of a small tensor.
  func values(_ name: String, count: Int) throws -> [Double] {
    let out = Buffer<Double>(count: count)
    try read(name, 0..<count, into: out.vector)
    return withExtendedLifetime(out) { out.vector.array }
  }
}

/// Sums that this run estimated, reduced on this rank.
struct EstimatedStatistics: StatisticReader {
  let kinds: [StatisticKind]
  let examples: Int
  let tokens: Int
  private let places: [String: (sums: FixedPointSums, slot: Int)]

  init(_ statistics: [(kind: StatisticKind, statistic: any Statistic<Float>)], examples: Int, tokens: Int) {
    kinds = statistics.map(\.kind)
    self.examples = examples
    self.tokens = tokens
    var places: [String: (FixedPointSums, Int)] = [:]
    for (_, statistic) in statistics {
      for (index, slot) in statistic.sums.slots.enumerated() { places[slot.name] = (statistic.sums, index) }
    }
    self.places = places
  }

  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) {
    guard let place = places[name] else { fatalError("\(name) was not estimated") }
    place.sums.read(place.slot, elements, into: out)
  }
}

/// Entries of one tensor of statistics: where they are mapped, or read into one buffer that serves all. Keep it while its views are
/// used; a view may be gone with the next.
final class StatisticEntries {
  private let name: String
  private let reader: any StatisticReader
  private let mapped: Vector<Double>?
  private let buffer: Buffer<Double>?

  /// - Parameter largest: how many entries a view has at most.
  init(_ name: String, in reader: any StatisticReader, largest: Int) {
    (self.name, self.reader) = (name, reader)
    mapped = reader.mapped(name)
    buffer = mapped == nil ? Buffer<Double>(count: largest) : nil
  }

  func view(_ range: Range<Int>) throws -> Vector<Double> {
    if let mapped { return mapped[range] }
    guard let view = buffer?.vector[0..<range.count] else { fatalError("what is not mapped is read") }
    try reader.read(name, range, into: view)
    return view
  }
}
