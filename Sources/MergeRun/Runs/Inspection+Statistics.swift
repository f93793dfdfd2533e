import Parameters
import Checkpoints
import Encoders
import Estimation
import SystemPackage

extension Inspection {
  /// What a statistics file holds and how well it is known, from the file alone.
  static func describeStatistics(_ path: FilePath) throws -> (String, JSON) {
    let statistics = try StatisticsFile(path: path)
    let d = statistics.description
    for (name, _) in d.tensors { try statistics.tensor(name)?.requireFiniteSum(path) }
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
    for kind in d.kinds {
      if kind == .maskFisher {
        for (name, title) in [("head_mask", "heads"), ("neuron_mask", "neurons")] {
          lines.append("top \(title) (layer.number: mean ± standard error): \(try topMasks(name, statistics))")
        }
      } else {
        let tensors = try traces(kind, statistics)
        let top = tensors.sorted { $0.mean > $1.mean }.prefix(5)
        let title = kind == .fisher ? "largest mean Fisher" : "largest mean square of an input"
        lines.append("\(title): " + top.map { "\($0.name) \(significant($0.mean))" }.joined(separator: ", "))
        if let worst = tensors.filter({ $0.error != nil }).max(by: { ($0.error ?? 0) < ($1.error ?? 0) }),
          let error = worst.error
        {
          lines.append("least known \(kind.rawValue): \(worst.name), ± \(significant(100 * error)) %")
        }
        largest += top.prefix(1).map { .init(key: kind.rawValue, value: .string($0.name)) }
      }
    }
    let members = statistics.file.metadata.map { JSON.Member(key: $0.key, value: .string($0.value)) }
    return (
      lines.joined(separator: "\n"),
      .object(
        [kind("statistics")] + members + [
          .init(
            key: "relative_errors",
            value: .object(errors.map { .init(key: $0.name, value: $0.error.map { .number($0) } ?? .null) })),
          .init(key: "largest", value: .object(largest)),
        ])
    )
  }

  private static func topMasks(_ name: String, _ statistics: StatisticsFile) throws -> String {
    let sizes = statistics.description.sizes
    let width = name == "head_mask" ? sizes.heads : sizes.intermediate
    let sums = try statistics.values(name, count: sizes.layers * width)
    let squares = try statistics.values(name + SecondMoment.suffix, count: sums.count)
    return sums.indices.sorted { (-sums[$0], $0) < (-sums[$1], $1) }.prefix(5).map { index in
      let error = SecondMoment.standardError(
        sum: sums[index], squares: squares[index], examples: statistics.examples)
      return "\(index / width).\(index % width): \(significant(sums[index] / Double(statistics.examples)))"
        + (error.map { " ± \(significant($0))" } ?? "")
    }.joined(separator: ", ")
  }

  /// For every tensor of a large statistic the mean of its (diagonal) entries over examples, or tokens for Gram matrices, and the
  /// relative standard error of its trace.
  private static func traces(
    _ kind: StatisticKind, _ statistics: StatisticsFile
  ) throws -> [(name: String, mean: Double, error: Double?)] {
    let d = statistics.description
    let examples = Double(d.examples)
    let tensors: [(name: String, count: Double)] =
      kind == .fisher
      ? d.parameters.map { ($0.name, Double($0.count) * examples) }
      : d.gramSites.map {
        ($0.name, Double($0.inputs) * Double(statistics.rows(of: $0)))
      }
    return try tensors.map { name, count in
      let trace = try statistics.values(name + SecondMoment.traceSuffix, count: 1)
      let squares = try statistics.values(name + SecondMoment.suffix, count: 1)
      return (
        name, trace[0] / count,
        SecondMoment.relativeError(sums: trace, squares: squares, examples: d.examples)
      )
    }
  }
}
