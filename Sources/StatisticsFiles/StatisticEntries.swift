import LinearAlgebra

/// Entries of one tensor of statistics: where they are mapped, or read into one buffer that serves all. Keep it while
/// its views are used; a view may be gone with the next.
package final class StatisticEntries {
  private let name: String
  private let reader: any StatisticReader
  private let mapped: Vector<Double>?
  private let buffer: Buffer<Double>?

  /// - Parameter largest: how many entries a view has at most.
  package init(_ name: String, in reader: any StatisticReader, largest: Int) {
    (self.name, self.reader) = (name, reader)
    mapped = reader.mapped(name)
    buffer = mapped == nil ? Buffer<Double>(count: largest) : nil
  }

  package func view(_ range: Range<Int>) throws -> Vector<Double> {
    if let mapped { return mapped[range] }
    guard let view = buffer?.vector[0..<range.count] else { fatalError("what is not mapped is read") }
    try reader.read(name, range, into: view)
    return view
  }
}
