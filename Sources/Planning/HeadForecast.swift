import Encoders
import Estimation
import LinearAlgebra

/// What solving all heads anew will cost: a pass through the merged model and one through the task's own.
package struct HeadForecast: Sendable {
  /// Floating-point operations of the passes and the solves, over all ranks.
  package let operations: Double
  /// Bytes that a rank needs for itself, beside the mapped files: the merged model, and a block's activations of both.
  package let memoryPerRank: Int

  /// Nil where heads are not solved.
  ///
  /// - Parameter convertedBytes: of each model, what its weights take in single precision beside the mapped files.
  package init?(_ plan: Plan, convertedBytes: [Int]) {
    guard plan.heads == .resolve, let c = plan.models.first?.configuration else { return nil }
    let layout = ModelLayout(of: c)
    operations = plan.models.reduce(0) { sum, model in
      let order = Double(c.hidden + 1)
      let outputs = Double(model.configuration.outputs)
      let examples = Double(model.data?.examples ?? 0)
      return sum + 2 * EncoderWork(model).forward + examples * order * (order + 2 * outputs)
        + order * order * (order / 3 + 2 * outputs)
    }
    let longest = plan.models.compactMap { $0.data?.longest }.max() ?? 0
    let block = EncoderWork(plan.models[0]).activations(
      rows: max(longest, Plan.blockTokens), examples: Plan.blockExamples, longest: longest, goesBackward: false)
    let outputs = plan.models.map(\.configuration.outputs).max() ?? 0
    let system = 8 * (c.hidden + 1) * (2 * (c.hidden + 1) + 3 * outputs)
    memoryPerRank =
      Forecast.programBytes + 4 * (layout.merged.reduce(0) { $0 + $1.count } + 2 * block) + system
      + (convertedBytes.max() ?? 0)
  }
}
