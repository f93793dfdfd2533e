import Encoders
import Estimation
import ModelMerging

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

  /// The program itself, its libraries and what OpenBLAS touches of its buffers: 16 MB as measured, and some more.
  static let programBytes = 20_000_000

  package init(_ model: PlannedModel, plan: Plan, convertedBytes: Int) {
    let c = model.configuration
    let layout = ModelLayout(of: c)
    let kinds = model.data == nil || model.statistics != nil ? [] : plan.statistics
    let columns = Self.columns(of: kinds, c, plan)
    let work = EncoderWork(model)
    operations = kinds.isEmpty ? 0 : Self.operations(work, plan: plan)

    let longest = model.data?.longest ?? 0
    let rows = kinds.isEmpty ? 0 : max(longest, min(Plan.blockTokens, model.data?.tokens ?? 0))
    let examples = min(Plan.blockExamples, model.data?.examples ?? 0)
    let kept = work.activations(rows: rows, examples: examples, longest: longest, goesBackward: columns > 0)
    let backward = columns * rows * (4 * c.hidden + c.intermediate)
    let scratch = kinds.reduce(0) { $0 + $1.scratch(c, rows, columns) }
    // The gradients at the logits of a block, and their factor for one example in double precision.
    let outputs = columns * c.outputs * (examples + 2)
    activationBytes = 4 * (kept + backward + scratch + outputs)

    messageBytes = 8 * kinds.tensors(layout).reduce(0) { $0 + $1.count }
    memoryPerRank = Self.programBytes + (kinds.isEmpty ? 0 : convertedBytes) + activationBytes
    // A piece of the result and one of each model (fewer where they are mapped as F32), and a buffer for each file that
    // is written.
    let piece = min(layout.parameters.map(\.count).max() ?? 0, MergePieces.elements)
    memoryOnRoot = (4 * piece + 1 << 20) * (1 + plan.models.count)
  }
}

extension Forecast {
  private static func columns(of kinds: [StatisticKind], _ configuration: EncoderConfiguration, _ plan: Plan) -> Int {
    kinds.contains(where: \.needsGradients) ? plan.sampling.expectation.columns(for: configuration) : 0
  }

  /// The floating-point operations of all statistics of a plan on some examples.
  package static func operations(_ work: EncoderWork, plan: Plan) -> Double {
    let kinds = plan.statistics
    let columns = columns(of: kinds, work.configuration, plan)
    let showsInputs = kinds.contains { $0.interests.contains(.inputs) }
    // Inputs are shown of the last layer for all tokens; what the head and the gradients need of it is their own pass
    // through it.
    let passes =
      columns > 0
      ? work.forward * Double(1 + columns) + (showsInputs ? work.wholeLayer : 0)
      : showsInputs ? work.wholeForward : work.forward
    return kinds.reduce(passes) { $0 + $1.operations(work, columns) }
  }
}
