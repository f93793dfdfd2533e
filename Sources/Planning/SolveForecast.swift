import Encoders
import Estimation
import LinearAlgebra
import Merging
import ModelMerging

/// What linear systems will cost once the statistics are there; for merges in forward order with their passes through
/// the layers.
package struct SolveForecast: Sendable {
  /// Floating-point operations of the factorisations, solves and products in double, over all ranks.
  package var solveOperations: Double
  /// Floating-point operations of the passes through the layers and the sums over their rows, over all ranks; 0 for
  /// RegMean.
  package var layerOperations: Double
  /// Bytes that a rank needs for itself at most, beside the mapped files.
  package var memoryPerRank: Int
  /// Bytes of the examples' activations that merges in forward order keep, over all ranks: each has its share.
  package var activationBytes = 0
  /// Bytes that travel between ranks at most: solved layers, and of merges in forward order the sums and the merged
  /// parameters.
  package var messageBytes: Int

  package var operations: Double { solveOperations + layerOperations }

  /// Nil for a rule that solves nothing, and for an estimation.
  ///
  /// - Parameter convertedBytes: of each model, what its weights take in single precision beside the mapped files.
  package init?(_ plan: Plan, convertedBytes: [Int]) {
    guard let c = plan.models.first?.configuration, plan.method != nil, let phase = try? plan.mergeMethod().phase else {
      return nil
    }
    switch phase {
    case .none: return nil
    case .distillation(let rule): self.init(rule, plan, c, convertedBytes: convertedBytes)
    case .systems(let rule): self.init(rule, isLayerwise: false, plan, c, convertedBytes: convertedBytes)
    case .layers(let rule): self.init(rule, isLayerwise: true, plan, c, convertedBytes: convertedBytes)
    }
  }

  private init(
    _ rule: RegMeanRule, isLayerwise: Bool, _ plan: Plan, _ c: EncoderConfiguration, convertedBytes: [Int]
  ) {
    let layout = ModelLayout(of: c)
    let systems = LinearSystem.all(of: layout.merged, rule: rule)
    let models = plan.models.filter { $0.weight > 0 }.count
    solveOperations = systems.reduce(0) { $0 + $1.operations(models: models) }
    let solved = systems.reduce(0) { $0 + 4 * $1.inputs * $1.outputs + 4 * $1.outputs }
    // A source's layers in single precision, if they are not mapped so, and all that is solved, which the root holds.
    let isConverted = convertedBytes.contains { $0 > 0 }
    let largest =
      systems.map { system in
        RegMeanSystem.memory(inputs: system.inputs, outputs: system.outputs)
          + (isConverted ? 4 * (system.inputs + 1) * system.outputs : 0)
      }.max() ?? 0
    memoryPerRank = Forecast.programBytes + largest + solved
    messageBytes = solved
    layerOperations = 0
    guard isLayerwise else { return }

    let work = plan.models.map { EncoderWork($0) }
    // Every layer of every model once by the model and once by the merged layer.
    layerOperations = work.reduce(0) {
      $0 + 2 * Double(c.depth) * $1.wholeLayer + GramMatrices<Float>.operations($1)
    }
    // A layer's Gram matrices are kept of all models.
    activationBytes = plan.models.reduce(0) { $0 + 4 * c.hidden * ($1.data?.tokens ?? 0) }
    let sites = layout.gramSites()
    let grams = sites.filter { $0.layer == 0 }.reduce(0) { $0 + 8 * PackedTriangle(order: $1.inputs).count }
    let merged = 4 * layout.merged.reduce(0) { $0 + $1.count }
    let longest = plan.models.compactMap { $0.data?.longest }.max() ?? 0
    let block =
      4
      * EncoderWork(plan.models[0]).activations(
        rows: max(longest, Plan.blockTokens), examples: Plan.blockExamples, longest: longest, goesBackward: false)
    memoryPerRank += grams * plan.models.count + merged + block + (convertedBytes.max() ?? 0)
    messageBytes =
      merged + plan.models.count * sites.reduce(0) { $0 + 8 * PackedTriangle(order: $1.inputs).count }
  }
}
