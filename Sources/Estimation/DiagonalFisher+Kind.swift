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
    scratch: DiagonalFisher<Float>.scratch,
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
  /// What the products of single examples read, in panels: the widest input and gradient, and the input of Q, K and V.
  ///
  /// Where layers share parameters, the rows of all uses are kept (``SharedGradients``) and are those of one product.
  /// Where a table of relative positions has gradients, an example looks at up to twice as many of its rows as it has.
  @Sendable static func scratch(_ c: EncoderConfiguration, rows: Int, columns: Int) -> Int {
    let (d, i) = (c.hidden, c.intermediate)
    var numbers = rows * ((columns + 1) * i + d)
    if c.variant.sharing != nil {
      let kept = 3 * d + i + columns * (5 * d + i)
      let joined = max(d + columns * i, i + columns * d)
      // As they are kept, as they are joined, and in panels.
      numbers = c.depth * rows * (kept + 2 * joined) + rows * d
    }
    if c.variant.disentangled != nil { numbers += rows * d * (13 * columns + 5) }
    return numbers
  }

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
