import Checkpoints
import LinearAlgebra
import Parameters

/// The rows of a table of relative positions as linear layers see them, [rows, columns].
package struct RelativeTableRows {
  package let values: Buffer<Float>
  package let rows, columns: Int
}

extension StoredModel {
  /// The table of relative positions behind its LayerNorm, where it has one.
  ///
  /// Only for a family that has such a table: the role of its linear layers says so.
  ///
  /// - Parameter replaced: what takes the place of the model's own, by the parameters' names.
  package func relativeTableRows(
    replacing replaced: [String: Buffer<Float>] = [:]
  ) throws(TensorAccessError) -> RelativeTableRows {
    var views: [String: Vector<Float>] = [:]
    var owners: [Buffer<Float>] = []
    for parameter in family.relative?.parameters(of: configuration) ?? [] {
      let copy = Buffer<Float>(count: parameter.count)
      if let other = replaced[parameter.name] {
        LinearAlgebra.copy(other.vector, to: copy.vector)
      } else {
        try tensor(parameter).copy(into: copy.vector)
      }
      views[parameter.name] = copy.vector
      owners.append(copy)
    }
    let bound = ParameterViews(views, of: configuration)
    guard case .table(let table)? = family.relative?.bind(configuration, bound) as RelativePositions<Float>? else {
      preconditionFailure("\(configuration.modelType) has no table of relative positions")
    }
    let arena = Arena()
    let rows = table.rows(in: arena)
    let values = Buffer<Float>(count: rows.count)
    LinearAlgebra.copy(rows.elements, to: values.vector)
    withExtendedLifetime((owners, bound.zeros, arena)) {}
    return RelativeTableRows(values: values, rows: rows.rows, columns: rows.columns)
  }
}
