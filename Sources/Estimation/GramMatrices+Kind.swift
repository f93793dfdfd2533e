import Encoders
import LinearAlgebra

extension StatisticKind {
  /// The Gram matrices of the inputs of linear layers.
  package static let gram = StatisticKind(
    name: "gram", nameWithHead: "gram with the classifier's", companion: "token_counts", interests: .inputs,
    tensors: { layout, options in
      GramMatrices<Float>.tensors(layout.gramSites(includingHead: options.includesClassifier))
    },
    empty: { layout, options in
      GramMatrices<Float>(sites: layout.gramSites(includingHead: options.includesClassifier))
    },
    operations: { work, _ in GramMatrices<Float>.operations(work) },
    // The panels of the widest input.
    scratch: { c, rows, _ in rows * c.intermediate },
    errorTables: { [ErrorTable("gram", moments: $0.gramSites().map(\.moment))] },
    highlights: { layout, options in
      let means = layout.gramSites(includingHead: options.includesClassifier).map {
        Mean(tensor: $0.name, trace: ErrorTable($0.name, moments: [$0.moment]), entries: $0.inputs, rows: $0.rows)
      }
      return [.tensors(means, title: "largest mean square of an input")]
    })
}

extension GramMatrices {
  /// The tensors of the sums, in their order: four for each site.
  static func tensors(_ sites: [GramSite]) -> [StatisticTensor] {
    sites.flatMap { site in
      [
        StatisticTensor(
          site.name, [PackedTriangle(order: site.inputs).count], .gram(order: site.inputs, over: site.rows)),
        StatisticTensor(site.sumName, [site.inputs], .inputSums(of: site.name)),
        StatisticTensor(site.trace, [1], .trace(of: site.name)), site.moment,
      ]
    }
  }

  /// The floating-point operations for one row x of the inputs: of each panel of columns the product is formed from the
  /// top to the panel's lower end, so somewhat more than the triangle's n (n + 1).
  package static func operationsPerRow(inputs n: Int) -> Double {
    let width = Panels<Scalar>.width
    return stride(from: 0, to: n, by: width).reduce(0.0) { operations, left in
      let right = min(n, left + width)
      return operations + 2 * Double(right - left) * Double(right)
    }
  }

  /// The floating-point operations of all matrices but the head's.
  package static func operations(_ work: EncoderWork) -> Double {
    ModelLayout(of: work.configuration).gramSites().reduce(0) { operations, site in
      operations + work.count(of: site.rows) * operationsPerRow(inputs: site.inputs)
    }
  }
}

extension GramSite {
  fileprivate var trace: String { name + SecondMoment.traceSuffix }

  fileprivate var moment: StatisticTensor {
    StatisticTensor(name + SecondMoment.suffix, [1], .secondMoment(of: trace))
  }
}
