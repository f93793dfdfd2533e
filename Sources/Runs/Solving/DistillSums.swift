import Encoders
import Estimation
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging

/// What one step of a distillation sums over the rows of all models: XᵀX of every model, Σ_j λ_j/n_j YᵀX of every layer,
/// and of every model and layer the same of the directions that its head sees.
///
/// X are the merged model's inputs, with a last column of ones where layers have a bias, Y the targets: what the model's
/// own layer gives, and where that is added to the residual stream, the difference of the streams besides.
final class DistillSums {
  /// The directions of every model at one layer's outputs, the same on all ranks.
  struct Metric {
    let common: CommonMetric
    /// U_j, [d, r_j] each, as they are multiplied with.
    let directions: [Matrix<Float>]
    private let owners: [AnyObject]

    /// Gives the root's metric to all ranks. **Collective.**
    init(_ root: CommonMetric?, outputs: Int, models: Int, floor: Double, _ communicator: Communicator) throws {
      var (directions, owners): ([Matrix<Float>], [AnyObject]) = ([], [])
      var metrics: [LowRankMetric] = []
      for model in 0..<models {
        let own = root?.models[model]
        let columns = Int(try communicator.broadcast(Int64(own?.directions.columns ?? 0)))
        let exact = Buffer<Double>(count: (outputs + 1) * columns)
        let (u, m) = (
          exact.vector[0..<outputs * columns], exact.vector[outputs * columns..<(outputs + 1) * columns]
        )
        if let own {
          copy(own.directions.elements, to: u)
          for (column, weight) in own.weights.enumerated() { m[column] = weight }
        }
        if columns > 0 { try withExtendedLifetime(exact) { try communicator.broadcast(exact.vector.buffer) } }
        let rounded = Buffer<Float>(count: outputs * columns)
        narrow(u, into: rounded.vector)
        directions.append(rounded.vector.matrix(rows: outputs, columns: columns))
        metrics.append(
          LowRankMetric(
            directions: u.matrix(rows: outputs, columns: columns), weights: m.array, floor: floor, owner: exact))
        owners.append(rounded)
      }
      (common, self.directions, self.owners) = (CommonMetric(metrics), directions, owners)
    }
  }

  let sums: FixedPointSums
  private let groups: [DistillGroup]
  private let metrics: [[Metric?]]
  /// λ_j / n_j of every model.
  private let weights: [Double]
  /// The inputs, and one more for the bias.
  private let unknowns: Int
  private let inputs: Int
  private var gramSlots: [Int] = []
  private var productSlots: [[Int]] = []
  private var sketchSlots: [[[Int]]] = []
  private let scratch = Arena()

  init(groups: [DistillGroup], metrics: [[Metric?]], weights: [Double]) {
    self.groups = groups
    self.metrics = metrics
    self.weights = weights
    let first = groups.first { !$0.readsTableAlone } ?? groups[0]
    (unknowns, inputs) = (first.unknowns, first.inputs)
    var tensors: [StatisticTensor] = []
    func slot(_ name: String, _ shape: [Int]) -> Int {
      tensors.append(StatisticTensor(name, shape))
      return tensors.count - 1
    }
    gramSlots = weights.indices.map {
      slot("inputs of \(first.layers[0].weight.name), model \($0 + 1)", [PackedTriangle(order: first.unknowns).count])
    }
    for (place, group) in groups.enumerated() {
      let layers = group.readsTableAlone ? [] : group.layers
      productSlots.append(
        layers.map { slot("targets of \($0.weight.name)", [$0.outputs.count, first.unknowns]) })
      sketchSlots.append(
        layers.indices.map { layer in
          (metrics[place][layer]?.directions ?? []).enumerated().map { model, directions in
            slot(
              "directions of \(layers[layer].weight.name), model \(model + 1)", [directions.columns, first.unknowns])
          }
        })
    }
    sums = FixedPointSums(tensors: tensors)
  }

  /// Adds the rows of one block.
  ///
  /// - Parameters:
  ///   - rows: give the inputs.
  ///   - residual: what the merged model adds the outputs to; nil where it adds them to nothing.
  ///   - outputs: of the model's own layers, as ``DistillGroup/places`` counts them.
  ///   - teacherResidual: what the model itself adds them to.
  func add(
    _ rows: SteppedRows<Float>, residual: Matrix<Float>?, _ outputs: [Matrix<Float>], teacherResidual: Matrix<Float>?,
    model: Int
  ) {
    guard weights[model] > 0 else { return }
    scratch.reset()
    let x = rows.input(inputs)
    let input = unknowns > inputs ? x.withOnes(in: scratch) : x
    sums.addBlockGram(input, to: gramSlots[model], scratch: scratch)
    for (place, group) in groups.enumerated() where !group.readsTableAlone {
      for layer in group.layers.indices {
        let start = scratch.mark
        var y = outputs[group.places[layer]]
        if let residual, let teacherResidual {
          let target = scratch.matrix(y.rows, y.columns, of: Float.self)
          copy(y.elements, to: target.elements)
          LinearAlgebra.add(teacherResidual, to: target)
          LinearAlgebra.add(residual.elements, scaledBy: -1, to: target.elements)
          y = target
        }
        sums.addBlockProducts(
          y, input, times: weights[model], to: productSlots[place][layer], scratch: scratch)
        if let directions = metrics[place][layer]?.directions[model], directions.columns > 0 {
          let seen = scratch.matrix(y.rows, directions.columns, of: Float.self)
          multiplyRows(y, directions, into: seen, scratch: scratch)
          sums.addBlockProducts(
            seen, input, times: weights[model], to: sketchSlots[place][layer][model], scratch: scratch)
        }
        scratch.release(to: start)
      }
    }
  }

  /// XᵀX of a model, divided by its rows, into the upper triangle of a matrix.
  func readGram(_ model: Int, dividedBy rows: Double, into target: Matrix<Double>) {
    let layout = PackedTriangle(order: unknowns)
    for row in 0..<unknowns {
      let entries = target.row(row)[row..<unknowns]
      sums.read(gramSlots[model], layout.range(ofRow: row), into: entries)
      scale(entries, by: 1 / rows)
    }
  }

  /// Σ_j λ_j/n_j YᵀX of a layer, [d, unknowns].
  func readProducts(group: Int, layer: Int, into target: Vector<Double>) {
    sums.read(productSlots[group][layer], into: target)
  }

  /// U_jᵀ λ_j/n_j YᵀX of a layer and every model, [r_j, unknowns] each.
  func readSketched(group: Int, layer: Int, _ metric: Metric) -> [(matrix: Matrix<Double>, owner: AnyObject)] {
    metric.directions.enumerated().map { model, directions in
      let buffer = Buffer<Double>(count: directions.columns * unknowns)
      if directions.columns > 0 { sums.read(sketchSlots[group][layer][model], into: buffer.vector) }
      return (buffer.vector.matrix(rows: directions.columns, columns: unknowns), buffer)
    }
  }
}
