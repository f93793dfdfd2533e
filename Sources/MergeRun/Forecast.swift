import Encoders
import Estimation

/// What one model's estimation will cost, predicted from sizes alone.
package struct Forecast: Sendable {
  /// Floating-point operations of the matrix products.
  package var operations: Double
  /// Bytes that a rank needs for itself, beside the mapped files.
  package var memoryPerRank: Int
  /// Further bytes on the root while it merges.
  package var memoryOnRoot: Int
  /// Bytes that are reduced over the ranks.
  package var messageBytes: Int
  /// Bytes of one block's activations; part of `memoryPerRank`.
  package var activationBytes: Int

  /// The program itself, its libraries and the packing buffers of OpenBLAS, as measured.
  private static let programBytes = 64_000_000

  package init(_ model: PlannedModel, plan: Plan, convertedBytes: Int) {
    let c = model.configuration
    let columns = plan.statistics.isEmpty ? 0 : plan.sampling.expectation.columns(for: c)
    let (d, i) = (Double(c.hidden), Double(c.intermediate))
    let tokens = Double(model.data?.tokens ?? 0)
    let examples = Double(model.data?.examples ?? 0)
    // Per token of a whole layer: Q, K, V, O and both feed-forward matrices; the last layer has K and V for all tokens
    // and the rest for one row per example. Scores and context: 4 d_model per pair of tokens.
    let whole = 2 * (4 * d * d + 2 * d * i)
    let lastShared = 2 * (2 * d * d)
    let layers = Double(c.layers)
    let forward =
      (layers - 1) * (tokens * whole + 4 * Double(model.data?.squaredLengths ?? 0) * d) + tokens * lastShared
      + examples * whole
    let passes = 1 + Double(columns) * (plan.statistics.contains(.fisher) ? 2 : 1)
    operations = plan.statistics.isEmpty ? 0 : forward * passes

    let longest = model.data?.longest ?? 0
    let rows = plan.statistics.isEmpty ? 0 : max(longest, min(Plan.blockTokens, model.data?.tokens ?? 0))
    let kept = c.layers * (rows * (9 * c.hidden + 2 * c.intermediate) + rows * longest * c.heads)
    let backward = columns * rows * (4 * c.hidden + c.intermediate)
    activationBytes = 4 * (kept + backward)

    let parameters = Architecture.family(c.modelType)?.parameters(of: c) ?? []
    let all = parameters.reduce(0) { $0 + $1.count }
    let masks = c.layers * (c.heads + c.intermediate)
    messageBytes =
      (plan.statistics.contains(.maskFisher) ? 8 * masks : 0) + (plan.statistics.contains(.fisher) ? 8 * all : 0)
    memoryPerRank = Self.programBytes + convertedBytes + activationBytes + messageBytes
    let backbone = parameters.filter { !$0.component.isHead }.reduce(0) { $0 + $1.count }
    // Numerator and denominator of all entries, and the largest tensor once in F64 and twice in F32 while it passes through.
    let largest = parameters.map(\.count).max() ?? 0
    memoryOnRoot = plan.method == .fisher ? 16 * backbone + 16 * largest : 4 * largest
  }
}
