import Encoders

extension StatisticKind {
  /// The Fisher information of head and neuron masks.
  package static let maskFisher = StatisticKind(
    name: "mask_fisher", companion: "token_fisher", interests: .masks,
    tensors: { layout, _ in MaskFisher<Float>.tensors(layout.configuration) },
    empty: { layout, _ in MaskFisher<Float>(configuration: layout.configuration) },
    errorTables: { layout in
      MaskFisherTensor.allCases.map { ErrorTable($0.rawValue, moments: [$0.moment(layout.configuration)]) }
    },
    highlights: { layout, _ in
      MaskFisherTensor.allCases.map { mask in
        let moment = mask.moment(layout.configuration)
        return .entries(ErrorTable(mask.rawValue, moments: [moment]), columns: moment.shape[1], title: mask.plural)
      }
    })
}

/// The names of the masks' tensors in files.
package enum MaskFisherTensor: String, CaseIterable, Sendable {
  /// [depth, H]: layers that share parameters have masks of their own.
  case heads = "head_mask"
  /// [depth, I]
  case neurons = "neuron_mask"

  fileprivate var plural: String {
    switch self {
    case .heads: "heads"
    case .neurons: "neurons"
    }
  }

  fileprivate func shape(_ c: EncoderConfiguration) -> [Int] {
    switch self {
    case .heads: [c.depth, c.heads]
    case .neurons: [c.depth, c.intermediate]
    }
  }

  fileprivate func moment(_ c: EncoderConfiguration) -> StatisticTensor {
    StatisticTensor(rawValue + SecondMoment.suffix, shape(c), .secondMoment(of: rawValue))
  }
}

extension MaskFisher {
  /// The tensors of the sums, in their order.
  static func tensors(_ c: EncoderConfiguration) -> [StatisticTensor] {
    MaskFisherTensor.allCases.map { StatisticTensor($0.rawValue, $0.shape(c)) }
      + MaskFisherTensor.allCases.map { $0.moment(c) }
  }
}
