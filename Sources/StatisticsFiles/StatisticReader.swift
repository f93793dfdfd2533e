import Estimation
import LinearAlgebra

/// The sums of one model's statistics, wherever they are: just estimated, in a file, or in several files that add up.
///
/// What a merge reads; tensors have the names that `docs/file-formats.md` gives. Not collective.
package protocol StatisticReader {
  var kinds: [StatisticKind] { get }
  /// N, what sums of squares are divided by.
  var examples: Int { get }
  /// The tokens of all examples: the rows in every Gram matrix but those of one row for each example, and of layers that
  /// share parameters.
  var tokens: Int { get }
  /// Writes some consecutive entries of a tensor, in double.
  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) throws
  /// All entries of a tensor where they lie, for as long as this reader lives; nil where they have to be read.
  func mapped(_ name: String) -> Vector<Double>?
}

extension StatisticReader {
  package func mapped(_ name: String) -> Vector<Double>? { nil }

  /// How many rows were summed over.
  package func count(of rows: SummedRows) -> Int {
    switch rows {
    case .tokens(let uses): tokens * uses
    case .examples: examples
    }
  }

  /// All entries of a small tensor.
  package func values(_ name: String, count: Int) throws -> [Double] {
    let out = Buffer<Double>(count: count)
    try read(name, 0..<count, into: out.vector)
    return withExtendedLifetime(out) { out.vector.array }
  }
}
