import Encoders
import Parameters

extension StatisticKind {
  /// The diagonal of the Fisher information of every parameter.
  package static let fisher = StatisticKind(
    name: "fisher", interests: .parameters,
    tensors: { layout, _ in DiagonalFisher<Float>.tensors(layout.parameters) },
    empty: { layout, _ in DiagonalFisher<Float>(parameters: layout.parameters) },
    // The product of gradient and input of every linear layer: as much as the passes backward.
    operations: { work, columns in Double(columns) * work.forward },
    // What the products of single examples read, in panels: the widest input and gradient, and the input of Q, K and V.
    scratch: { c, rows, columns in rows * ((columns + 1) * c.intermediate + c.hidden) },
    errorTables: { [ErrorTable("fisher", moments: $0.merged.map(\.fisherMoment))] },
    highlights: { layout, _ in
      let means = layout.parameters.map {
        Mean(
          tensor: $0.name, trace: ErrorTable($0.name, moments: [$0.fisherMoment]), entries: $0.count, rows: .examples)
      }
      return [.tensors(means, title: "largest mean Fisher")]
    })
}

extension DiagonalFisher {
  /// The tensors of the sums, in their order.
  static func tensors(_ parameters: [Parameter]) -> [StatisticTensor] {
    parameters.map { StatisticTensor($0.name, $0.shape, $0.role.isGradientFree ? .zeros : .sums) }
      + parameters.map { StatisticTensor($0.fisherTrace, [1], .trace(of: $0.name)) } + parameters.map(\.fisherMoment)
  }
}

extension Parameter {
  fileprivate var fisherTrace: String { name + SecondMoment.traceSuffix }

  fileprivate var fisherMoment: StatisticTensor {
    StatisticTensor(name + SecondMoment.suffix, [1], .secondMoment(of: fisherTrace))
  }
}
