import Encoders
import Estimation
import LinearAlgebra
import Merging
import ModelMerging

extension SolveForecast {
  /// Distillation: two passes through the layers, the sums over their rows, and the solves.
  init(_ rule: DistillRule, _ plan: Plan, _ c: EncoderConfiguration, convertedBytes: [Int]) {
    let layout = ModelLayout(of: c)
    let systems = LinearSystem.all(of: layout.merged, rule: RegMeanRule(tableRows: 0)).filter { $0.site != nil }
    let work = plan.models.filter { $0.weight > 0 }.map { EncoderWork($0) }
    let models = work.count
    let directions = rule.metric == .lowRank ? rule.rank : 0

    // As the merged model and as its own, once each.
    layerOperations = work.reduce(0) { $0 + 2 * $1.forward }
    solveOperations = 0
    var (largestSums, largestSystem, sums, solved) = (0, 0, 0, 0)
    for system in systems {
      guard let site = system.site else { continue }
      let (n, d) = (system.inputs + (system.layers[0].bias == nil ? 0 : 1), system.outputs)
      let layers = system.layers.count
      for work in work {
        let rows = work.count(of: site.rows)
        let perRow =
          GramMatrices<Float>.operationsPerRow(inputs: n) + Double(2 * n * (d + layers * directions))
          + Double(2 * d * directions)
        layerOperations += rows * perRow
      }
      // The factor, all right-hand sides, and for the iteration an inverse and as many steps as are usual.
      let square = Double(n) * Double(n)
      let basis = min(d / layers, models * directions)
      let step = 2 * square * Double(2 * basis + models * directions)
      let inverse = directions > 0 ? Double(n) / 3 : 0
      solveOperations += square * (Double(n) / 3 + inverse + 2 * Double(d)) + Double(layers * Self.usualSteps) * step
      let words = models * PackedTriangle(order: n).count + n * d + layers * models * directions * n
      largestSums = max(largestSums, 8 * words)
      sums += 8 * words
      // A'_j of all models, their sum and its inverse factors in single precision, the sum's factor, and room for one of them; of
      // one layer P', W and what the iteration holds.
      largestSystem = max(
        largestSystem,
        (directions > 0 ? (models + 2) * PackedMatrix.bytes(rows: n, columns: n) : 0)
          + 8 * (2 * n * n + 3 * n * (d / layers) + n * (5 * basis + 2 * models * directions)))
      solved += 4 * (n * d)
    }
    let merged = 4 * layout.merged.reduce(0) { $0 + $1.count }
    let unknown = 4 * (layout.parameters.map(\.count).max() ?? 0)
    activationBytes = Self.distilledBytesPerToken(c) * plan.models.reduce(0) { $0 + ($1.data?.tokens ?? 0) }
    let longest = plan.models.compactMap { $0.data?.longest }.max() ?? 0
    let block = 4 * max(longest, Plan.blockTokens) * (4 * c.intermediate + 6 * c.hidden)
    memoryPerRank =
      Forecast.programBytes + largestSums + largestSystem + merged + unknown + block
      + (convertedBytes.max() ?? 0)
    messageBytes = sums + merged
  }

  /// What distillation keeps of a token: at the second feed-forward layer the inputs and streams of merged and own model,
  /// and the stream that the own model's has gone on to.
  package static func distilledBytesPerToken(_ c: EncoderConfiguration) -> Int {
    4 * (2 * c.intermediate + 3 * c.hidden)
  }

  /// At models of 384 and 768 columns; `docs/mathematics.md`.
  private static let usualSteps = 8
}
