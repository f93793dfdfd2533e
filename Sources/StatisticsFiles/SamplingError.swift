import Encoders
import Estimation
import Terminal

/// How well statistics are known from their examples: relative standard errors, from the sums and second moments alone.
package enum SamplingError {
  package typealias Table = StatisticKind.ErrorTable

  /// The tables of some kinds.
  package static func tables(_ kinds: [StatisticKind], _ sizes: EncoderConfiguration) -> [Table] {
    let layout = ModelLayout(of: sizes)
    return kinds.flatMap { $0.errorTables(layout) }
  }

  /// The sums of a table and the sums of squares.
  package static func values(_ table: Table, _ statistics: some StatisticReader) throws -> (
    sums: [Double], squares: [Double]
  ) {
    var (sums, squares): ([Double], [Double]) = ([], [])
    for tensor in table.tensors {
      sums += try statistics.values(tensor.sums, count: tensor.count)
      squares += try statistics.values(tensor.squares, count: tensor.count)
    }
    return (sums, squares)
  }

  /// ‖standard errors‖₂ / ‖means‖₂ of a table; nil where it is not defined.
  static func relative(_ table: Table, _ statistics: some StatisticReader) throws -> Double? {
    let (sums, squares) = try values(table, statistics)
    let error = SecondMoment.relativeError(sums: sums, squares: squares, examples: statistics.examples)
    // Numbers that nobody estimated can be too large to square.
    return error.flatMap { $0.isFinite ? $0 : nil }
  }

  /// The relative standard error of every table.
  package static func all(
    _ statistics: some StatisticReader, _ sizes: EncoderConfiguration
  ) throws -> [(name: String, error: Double?)] {
    try tables(statistics.kinds, sizes).map { ($0.name, try relative($0, statistics)) }
  }

  /// "head_mask 3.1 %, neuron_mask 1.2 %"
  package static func text(_ errors: [(name: String, error: Double?)]) -> String {
    errors.map { "\($0.name) " + ($0.error.map { "\(significant(100 * $0)) %" } ?? "unknown") }.joined(separator: ", ")
  }
}
