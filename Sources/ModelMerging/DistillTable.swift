import Encoders
import LinearAlgebra
import Merging

/// The table of relative positions as an input of linear layers: the merged table's rows towards what every model's own
/// layers make of its own table.
package struct DistillTable {
  package let rows: Int
  private let width: Int
  /// The merged table's rows, with a last 1 where layers have a bias, [rows, unknowns].
  private let inputs: Matrix<Double>
  /// Every model's own.
  private let own: [RelativeTableRows]
  private let owner: AnyObject

  /// - Parameter merged: the merged table and its LayerNorm, by name.
  package init(_ models: [StoredModel], merged: [String: Buffer<Float>], hasBias: Bool) throws {
    let table = try models[0].relativeTableRows(replacing: merged)
    own = try models.map { try $0.relativeTableRows() }
    (rows, width) = (table.rows, table.columns)
    let unknowns = width + (hasBias ? 1 : 0)
    let buffer = Buffer<Double>(count: rows * unknowns)
    inputs = buffer.vector.matrix(rows: rows, columns: unknowns)
    for row in 0..<rows {
      widen(table.values.vector[row * width..<(row + 1) * width], into: inputs.row(row)[0..<width])
      if hasBias { inputs[row, width] = 1 }
    }
    owner = buffer
  }

  /// Adds factor · XᵀX / rows to the upper triangle of a matrix.
  package func addGram(times factor: Double, to target: Matrix<Double>) {
    let square = Buffer<Double>(count: target.count)
    let product = square.vector.matrix(rows: target.rows, columns: target.columns)
    multiply(inputs, inputs, into: product, transposeA: true, alpha: factor / Double(rows))
    for row in 0..<target.rows {
      add(product.row(row)[row..<target.columns], times: 1, to: target.row(row)[row..<target.columns])
    }
    withExtendedLifetime(square) {}
  }

  /// Adds factor · YᵀX / rows of one layer, [outputs, unknowns].
  package func addProducts(_ layer: LinearParameters, model: Int, times factor: Double, to target: Matrix<Double>) {
    let outputs = layer.weight.rows
    let memory = Buffer<Double>(count: rows * width + outputs * width + rows * outputs)
    defer { withExtendedLifetime(memory) {} }
    let table = memory.vector[0..<rows * width].matrix(rows: rows, columns: width)
    let weight = memory.vector[rows * width..<(rows + outputs) * width].matrix(rows: outputs, columns: width)
    let y = memory.vector[(rows + outputs) * width..<memory.count].matrix(rows: rows, columns: outputs)
    for row in 0..<rows { widen(own[model].values.vector[row * width..<(row + 1) * width], into: table.row(row)) }
    for row in 0..<outputs { widen(layer.weight.row(row), into: weight.row(row)) }
    multiply(table, weight, into: y, transposeB: true)
    if let bias = layer.bias {
      for row in 0..<rows { for output in 0..<outputs { y[row, output] += Double(bias[output]) } }
    }
    multiply(y, inputs, into: target, transposeA: true, alpha: factor / Double(rows), beta: 1)
  }
}

/// One layer of a model in single precision, where it is mapped or converted. Keep it as long as its views are used.
package final class LayerSource {
  package let parameters: LinearParameters
  private let entries: [SourceEntries]

  package init(_ layer: DistillLayer, of model: StoredModel) throws {
    let inputs = layer.weight.shape[1]
    let rows = layer.outputs
    let weight = SourceEntries(layer.weight, in: model)
    let bias = layer.bias.map { SourceEntries($0, in: model) }
    entries = [weight, bias].compactMap(\.self)
    parameters = LinearParameters(
      weight: try weight.view(rows.lowerBound * inputs..<rows.upperBound * inputs).matrix(
        rows: rows.count, columns: inputs),
      bias: try bias?.view(rows))
  }
}
