import Encoders
import Estimation
import Merging

/// What the estimation of one model's statistics will cost, predicted from sizes alone. Statistics that are read from
/// files cost nothing here; what RegMean costs after them is ``SolveForecast``.
package struct Forecast: Sendable {
  /// Floating-point operations of the matrix products.
  package var operations: Double
  /// Bytes that a rank needs for itself, beside the mapped files and the sums.
  package var memoryPerRank: Int
  /// Further bytes on the root while it merges.
  package var memoryOnRoot: Int
  /// Bytes of the sums, which a host keeps once (or a few times, see ``TeamMemory``), and which hosts hand over to each
  /// other.
  package var messageBytes: Int
  /// Bytes of one block's activations; part of `memoryPerRank`.
  package var activationBytes: Int

  /// The program itself, its libraries and the packing buffers of OpenBLAS, as measured.
  static let programBytes = 64_000_000

  package init(_ model: PlannedModel, plan: Plan, convertedBytes: Int) {
    let c = model.configuration
    let layout = ModelLayout(of: c)
    // RegMean++ estimates layer by layer while it solves.
    let isLayerwise = plan.method == .regMeanPlusPlus
    let kinds = model.data == nil || isLayerwise ? [] : plan.statistics
    let columns = Self.columns(of: kinds, c, plan)
    let work = EncoderWork(model)
    operations = kinds.isEmpty ? 0 : Self.operations(work, plan: plan)

    let longest = model.data?.longest ?? 0
    let rows = kinds.isEmpty ? 0 : max(longest, min(Plan.blockTokens, model.data?.tokens ?? 0))
    let kept = work.activations(rows: rows, longest: longest, goesBackward: columns > 0)
    let backward = columns * rows * (4 * c.hidden + c.intermediate)
    // What the products of single examples read, in panels: the widest input and gradient, and the input of Q, K and V.
    let panels =
      kinds.contains(.fisher)
      ? rows * ((columns + 1) * c.intermediate + c.hidden) : kinds.contains(.gram) ? rows * c.intermediate : 0
    activationBytes = 4 * (kept + backward + panels)

    let sums = kinds.flatMap { kind in
      switch kind {
      case .maskFisher: MaskFisher<Float>.tensors(c)
      case .fisher: DiagonalFisher<Float>.tensors(layout.parameters)
      case .gram: GramMatrices<Float>.tensors(layout.gramSites())
      }
    }
    messageBytes = 8 * sums.reduce(0) { $0 + $1.shape.reduce(1, *) }
    memoryPerRank = Self.programBytes + (kinds.isEmpty ? 0 : convertedBytes) + activationBytes
    // A piece of the result and one of each model (fewer where they are mapped as F32), and a buffer for each file that
    // is written.
    let piece = min(layout.parameters.map(\.count).max() ?? 0, MergedParameters.pieceElements)
    memoryOnRoot = (4 * piece + 1 << 20) * (1 + plan.models.count)
  }
}

extension Forecast {
  private static func columns(of kinds: [StatisticKind], _ configuration: EncoderConfiguration, _ plan: Plan) -> Int {
    kinds.contains(where: \.needsGradients) ? plan.sampling.expectation.columns(for: configuration) : 0
  }

  /// The floating-point operations of all statistics of a plan on some examples.
  static func operations(_ work: EncoderWork, plan: Plan) -> Double {
    let kinds = plan.statistics
    let columns = columns(of: kinds, work.configuration, plan)
    let gradients = work.forward * Double(1 + columns * (kinds.contains(.fisher) ? 2 : 1))
    guard kinds.contains(.gram) else { return gradients }
    // They need the last layer for all tokens, gradients their own pass through it.
    return (columns > 0 ? gradients + work.wholeLayer : work.wholeForward) + work.gramMatrices
  }
}
