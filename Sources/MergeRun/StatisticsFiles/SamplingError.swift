import Parameters
import Encoders
import Estimation

/// How well statistics are known from their examples: relative standard errors, from the sums and second moments alone.
enum SamplingError {
  /// Numbers whose standard errors count together.
  struct Table {
    /// `head_mask`, `neuron_mask`, `fisher` or `gram`.
    let name: String
    /// The tensors of the sums and of the sums of squares, with their numbers of entries.
    let tensors: [(sums: String, squares: String, count: Int)]
  }

  /// The tables of some kinds: each mask, and the traces of the merged tensors of a large statistic.
  static func tables(_ kinds: [StatisticKind], _ sizes: EncoderConfiguration) -> [Table] {
    kinds.flatMap { kind -> [Table] in
      switch kind {
      case .maskFisher:
        [("head_mask", sizes.heads), ("neuron_mask", sizes.intermediate)].map { name, width in
          Table(name: name, tensors: [(name, name + SecondMoment.suffix, sizes.layers * width)])
        }
      case .fisher:
        [traces(kind, ModelLayout(of: sizes).merged.map(\.name))]
      case .gram: [traces(kind, ModelLayout(of: sizes).gramSites().map(\.name))]
      }
    }
  }

  private static func traces(_ kind: StatisticKind, _ names: [String]) -> Table {
    Table(name: kind.rawValue, tensors: names.map { ($0 + SecondMoment.traceSuffix, $0 + SecondMoment.suffix, 1) })
  }

  /// ‖standard errors‖₂ / ‖means‖₂ of a table; nil where it is not defined.
  static func relative(_ table: Table, _ statistics: some StatisticReader) throws -> Double? {
    var (sums, squares): ([Double], [Double]) = ([], [])
    for tensor in table.tensors {
      sums += try statistics.values(tensor.sums, count: tensor.count)
      squares += try statistics.values(tensor.squares, count: tensor.count)
    }
    let error = SecondMoment.relativeError(sums: sums, squares: squares, examples: statistics.examples)
    // Numbers that nobody estimated can be too large to square.
    return error.flatMap { $0.isFinite ? $0 : nil }
  }

  /// The relative standard error of every table.
  static func all(
    _ statistics: some StatisticReader, _ sizes: EncoderConfiguration
  ) throws -> [(name: String, error: Double?)] {
    try tables(statistics.kinds, sizes).map { ($0.name, try relative($0, statistics)) }
  }

  /// "head_mask 3.1 %, neuron_mask 1.2 %"
  static func text(_ errors: [(name: String, error: Double?)]) -> String {
    errors.map { "\($0.name) " + ($0.error.map { "\(significant(100 * $0)) %" } ?? "unknown") }.joined(separator: ", ")
  }
}
