import Encoders
import LinearAlgebra
import Merging
import Parameters

/// A source's linear layers in single precision: where they are mapped, or converted. Keep it as long as its views are
/// used.
final class LinearSource {
  let parameters: [LinearParameters]
  private let owners: [AnyObject]

  init(_ system: LinearSystem, of model: StoredModel) throws {
    var owners: [AnyObject] = []
    func view(_ parameter: Parameter) throws -> Vector<Float> {
      let tensor = model.tensor(parameter)
      if let vector = tensor.vector {
        owners.append(tensor.file)
        return vector
      }
      let copy = Buffer<Float>(count: parameter.count)
      try tensor.copy(into: copy.vector)
      owners.append(copy)
      return copy.vector
    }
    parameters = try system.layers.map { layer in
      LinearParameters(
        weight: try view(layer.weight).matrix(rows: layer.weight.shape[0], columns: layer.weight.shape[1]),
        bias: try layer.bias.map(view))
    }
    self.owners = owners
  }
}
