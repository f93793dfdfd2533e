import Checkpoints
import Diagnostics
import Encoders
import Estimation
import StatisticsFiles
import SystemPackage
import Terminal

extension Inspection {
  /// What a statistics file holds and how well it is known, from the file alone.
  static func describeStatistics(_ path: FilePath) throws -> (String, JSON) {
    try describe(StatisticsFile(path: path))
  }

  static func describe(_ statistics: StatisticsFile) throws -> (String, JSON) {
    let (path, d) = (statistics.path, statistics.description)
    for tensor in d.tensors { try statistics.tensor(tensor.name)?.requireFiniteSum(path) }
    let under = d.expectation == "none" ? "" : ", expectation \(d.expectation)"
    let draws = d.draws > 0 ? " with \(d.draws) draw\(d.draws == 1 ? "" : "s")" : ""
    var lines = [
      "\(path): \(d.kindNames)\(under)\(draws), sums over \(d.examples) examples (\(d.tokens) tokens), "
        + statistics.type.rawValue,
      "model \(d.modelHash), \(d.sizes.modelType), \(d.sizes.layers) layers, hidden \(d.sizes.hidden), "
        + "\(d.sizes.heads) heads, intermediate \(d.sizes.intermediate), \(d.sizes.outputs) outputs",
    ]
    for (index, part) in d.parts.enumerated() { lines.append("part \(index + 1): \(part.text)") }
    let errors = try SamplingError.all(statistics, d.sizes)
    lines.append("relative standard errors: \(SamplingError.text(errors))")
    var largest: [JSON.Member] = []
    let layout = ModelLayout(of: d.sizes)
    for kind in d.kinds {
      for highlight in kind.highlights(layout, d.options) {
        switch highlight {
        case .entries(let table, let columns, let title):
          let top = try topEntries(of: table, columns: columns, statistics)
          lines.append("top \(title) (layer.number: mean ± standard error): \(top)")
        case .tensors(let means, let title):
          let tensors = try means.map { try estimate($0, statistics) }
          let top = tensors.sorted { $0.mean > $1.mean }.prefix(5)
          lines.append("\(title): " + top.map { "\($0.name) \(significant($0.mean))" }.joined(separator: ", "))
          if let worst = tensors.filter({ $0.error != nil }).max(by: { ($0.error ?? 0) < ($1.error ?? 0) }),
            let error = worst.error
          {
            lines.append("least known \(kind.name): \(worst.name), ± \(significant(100 * error)) %")
          }
          largest += top.prefix(1).map { .init(key: kind.name, value: .string($0.name)) }
        }
      }
    }
    let members = statistics.file.metadata.map { JSON.Member(key: $0.key, value: .string($0.value)) }
    return (
      lines.map { legible($0, limit: .max) }.joined(separator: "\n"),
      .object(
        [kind("statistics")] + members + [
          .init(
            key: "relative_errors",
            value: .object(errors.map { .init(key: $0.name, value: $0.error.map { .number($0) } ?? .null) })),
          .init(key: "largest", value: .object(largest)),
        ])
    )
  }

  private static func topEntries(
    of table: StatisticKind.ErrorTable, columns: Int, _ statistics: StatisticsFile
  ) throws -> String {
    let (sums, squares) = try SamplingError.values(table, statistics)
    return sums.indices.sorted { (-sums[$0], $0) < (-sums[$1], $1) }.prefix(5).map { index in
      let error = SecondMoment.standardError(
        sum: sums[index], squares: squares[index], examples: statistics.examples)
      return "\(index / columns).\(index % columns): \(significant(sums[index] / Double(statistics.examples)))"
        + (error.map { " ± \(significant($0))" } ?? "")
    }.joined(separator: ", ")
  }

  /// The mean of a tensor's entries, and the relative standard error of its trace.
  private static func estimate(
    _ mean: StatisticKind.Mean, _ statistics: StatisticsFile
  ) throws -> (name: String, mean: Double, error: Double?) {
    let (sums, squares) = try SamplingError.values(mean.trace, statistics)
    let count = Double(mean.entries) * Double(statistics.count(of: mean.rows))
    return (
      mean.tensor, sums[0] / count,
      SecondMoment.relativeError(sums: sums, squares: squares, examples: statistics.examples)
    )
  }
}
