import Encoders
import Estimation
import LinearAlgebra
import Merging
import Parameters
import StatisticsFiles

/// One linear layer that `distill` solves for: a whole tensor, or one of several in it.
package struct DistillLayer: Sendable {
  package let weight: Parameter
  package let bias: Parameter?
  /// Which rows of the tensors.
  package let outputs: Range<Int>
  /// Where the metric of its outputs is; nil for a layer whose outputs all count the same.
  package let site: OutputSite?
}

/// The linear layers that stand at one step of the forward pass and have one input, or one input beside the same table.
package struct DistillGroup: Sendable {
  /// How many inputs each has, without a bias.
  package let inputs: Int
  /// Whether the table of relative positions goes through the layers as well.
  package let readsTable: Bool
  /// Whether it is the only input.
  package let readsTableAlone: Bool
  package let layers: [DistillLayer]
  /// The places of the layers among the outputs of the step; empty where the table is the only input.
  package let places: [Int]

  /// n: the inputs, and one more for the bias.
  package var unknowns: Int { inputs + (layers[0].bias == nil ? 0 : 1) }

  /// The groups of some layers of a model, those of the step first.
  ///
  /// - Parameter step: where the layers stand.
  package static func all(at step: ForwardStep, _ parameters: [Parameter], rule: DistillRule) -> [DistillGroup] {
    func bias(of weight: Parameter) -> Parameter? {
      parameters.first { $0.kind == .bias && $0.component == weight.component && $0.layer == weight.layer }
    }
    let sites = OutputSite.all(of: parameters)
    func layers(reading input: LinearInput) -> [DistillLayer] {
      parameters.filter { $0.kind == .weight && $0.role.input == input && $0.layer == step.number }.flatMap { weight in
        let rows = weight.shape[0] / weight.role.spread.partCount
        return (0..<weight.role.spread.partCount).map { part in
          DistillLayer(
            weight: weight, bias: bias(of: weight), outputs: part * rows..<(part + 1) * rows,
            // What the head sees of positions is another matter, and all directions alike measured best there.
            site: weight.role.readsTable || !input.isOfExamples
              ? nil
              : sites.first {
                ($0.component, $0.layer, $0.firstOutput) == (weight.component, weight.layer, part * rows)
              })
        }
      }
    }
    func group(_ layers: [DistillLayer], among all: [DistillLayer], readsTable: Bool, alone: Bool) -> DistillGroup? {
      guard let first = layers.first else { return nil }
      return DistillGroup(
        inputs: first.weight.shape[1], readsTable: readsTable, readsTableAlone: alone, layers: layers,
        places: alone
          ? []
          : all.indices.filter { index in
            layers.contains { $0.weight == all[index].weight && $0.outputs == all[index].outputs }
          })
    }
    let own = layers(reading: step.place)
    let readsTable = own.filter { $0.weight.role.readsTable && rule.tableRows > 0 }
    let others = own.filter { layer in !readsTable.contains { $0.weight == layer.weight } }
    let ofTable = step.place == .attention ? layers(reading: .relativePositions) : []
    return [
      group(others, among: own, readsTable: false, alone: false),
      group(readsTable, among: own, readsTable: true, alone: false),
      group(ofTable, among: own, readsTable: true, alone: true),
    ].compactMap(\.self)
  }
}

/// The metrics of all models at one place, from their statistics. Not collective.
package struct DistillMetrics {
  private let rule: DistillRule
  private let readers: [any StatisticReader]
  /// Ω by the number of outputs.
  private var projections: [Int: Buffer<Double>] = [:]

  /// - Parameter readers: of every model, in recipe order.
  package init(_ rule: DistillRule, _ readers: [any StatisticReader]) {
    self.rule = rule
    self.readers = readers
  }

  package mutating func metric(at site: OutputSite) throws -> CommonMetric {
    let columns = OutputSketch.columns(outputs: site.outputs)
    let projection = projections[site.outputs] ?? OutputSketch.projection(outputs: site.outputs)
    projections[site.outputs] = projection
    let sketch = Buffer<Double>(count: site.outputs * columns)
    let models = try readers.map { reader in
      try reader.read(site.name, 0..<sketch.count, into: sketch.vector)
      return LowRankMetric(
        sketch: sketch.vector.matrix(rows: site.outputs, columns: columns),
        trace: try reader.values(site.traceName, count: 1)[0],
        projection: projection.vector.matrix(rows: site.outputs, columns: columns), rank: rule.rank, floor: rule.beta)
    }
    return CommonMetric(models)
  }
}
