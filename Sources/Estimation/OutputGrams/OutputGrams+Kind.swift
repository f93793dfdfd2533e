import Encoders
import LinearAlgebra

extension StatisticKind {
  /// The Gram matrices of the gradients at the outputs of linear layers.
  package static let kfac = StatisticKind(
    name: "kfac", interests: .parameters,
    tensors: { layout, _ in OutputGrams<Float>.tensors(layout.outputGramSites) },
    empty: { layout, _ in OutputGrams<Float>(sites: layout.outputGramSites) },
    operations: { work, columns in
      ModelLayout(of: work.configuration).outputGramSites.reduce(0) { operations, site in
        operations + Double(columns) * work.tokenRows * GramMatrices<Float>.operationsPerRow(inputs: site.outputs)
      }
    },
    // The panels of the widest output.
    scratch: { c, rows, columns in columns * rows * (max(c.hidden, c.intermediate) + Panels<Float>.width) },
    errorTables: { [ErrorTable("kfac", moments: $0.outputGramSites.map(\.gramMoment))] },
    highlights: { layout, _ in
      let means = layout.outputGramSites.map {
        Mean(
          tensor: $0.gramName, trace: ErrorTable($0.gramName, moments: [$0.gramMoment]), entries: $0.outputs,
          rows: .examples)
      }
      return [.tensors(means, title: "largest mean squared gradient of an output")]
    })
}

extension OutputGrams {
  /// The tensors of the sums, in their order: three for each site. B is divided by the number of examples.
  static func tensors(_ sites: [OutputSite]) -> [StatisticTensor] {
    sites.flatMap { site in
      [
        StatisticTensor(
          site.gramName, [PackedTriangle(order: site.outputs).count], .gram(order: site.outputs, over: .examples)),
        StatisticTensor(site.gramTraceName, [1], .trace(of: site.gramName)), site.gramMoment,
      ]
    }
  }
}

extension OutputSite {
  /// The name of the packed triangle of B in files.
  package var gramName: String { "kfac.\(label)" }
  /// The name of B's trace in files.
  package var gramTraceName: String { gramName + SecondMoment.traceSuffix }

  fileprivate var gramMoment: StatisticTensor {
    StatisticTensor(gramName + SecondMoment.suffix, [1], .secondMoment(of: gramTraceName))
  }
}

extension ModelLayout {
  /// The linear layers whose outputs have a Gram matrix of gradients: all that have a metric but the sum of the tables.
  package var outputGramSites: [OutputSite] { outputSites.filter { $0.component != nil } }
}
