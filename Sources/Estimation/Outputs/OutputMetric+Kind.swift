import Encoders
import LinearAlgebra

extension StatisticKind {
  /// What a model's head sees of the outputs of its linear layers.
  package static let outputMetric = StatisticKind(
    name: "output_metric", interests: .parameters,
    tensors: { layout, _ in OutputMetric<Float>.tensors(layout.outputSites) },
    empty: { layout, _ in OutputMetric<Float>(sites: layout.outputSites) },
    // Against the products of a layer, whose inputs are many more than a sketch's columns.
    operations: { work, columns in
      let layout = ModelLayout(of: work.configuration)
      return layout.outputSites.reduce(0) { operations, site in
        operations + 4 * Double(columns) * work.tokenRows * Double(site.outputs * Panels<Float>.width)
      }
    },
    scratch: { c, rows, columns in columns * rows * (c.intermediate + 3 * Panels<Float>.width) },
    errorTables: { [ErrorTable("output_metric", moments: $0.outputSites.map(\.moment))] },
    highlights: { layout, _ in
      let means = layout.outputSites.map {
        Mean(
          tensor: $0.name, trace: ErrorTable($0.name, moments: [$0.moment]), entries: $0.outputs, rows: .examples)
      }
      return [.tensors(means, title: "largest mean squared gradient of an output")]
    })
}

extension OutputMetric {
  /// The tensors of the sums, in their order: three for each site.
  static func tensors(_ sites: [OutputSite]) -> [StatisticTensor] {
    sites.flatMap { site in
      [
        StatisticTensor(
          site.name, [site.outputs, OutputSketch.columns(outputs: site.outputs)],
          .outputSketch(outputs: site.outputs, trace: site.traceName)),
        StatisticTensor(site.traceName, [1]), site.moment,
      ]
    }
  }
}

extension OutputSite {
  fileprivate var moment: StatisticTensor {
    StatisticTensor(name + SecondMoment.suffix, [1], .secondMoment(of: traceName))
  }
}
