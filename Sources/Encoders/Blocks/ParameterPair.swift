import LinearAlgebra
import Parameters

/// The tensors of one linear layer, LayerNorm or table, as the block that owns them declares them.
struct ParameterPair {
  let weight: Parameter
  let bias: Parameter?

  /// - Parameters:
  ///   - stem: the tensors' names without ".weight" and ".bias"; `{layer}` stands for the layer's number.
  ///   - shape: of the weight. A bias has its first size.
  ///   - role: of the weight.
  ///   - biasRole: of the bias; nil for none.
  init(
    _ component: Component, layer: Int?, stem: String, weight shape: [Int], role: ParameterRole,
    bias biasRole: ParameterRole?
  ) {
    var stem = stem
    if let layer, let place = stem.firstRange(of: "{layer}") { stem.replaceSubrange(place, with: String(layer)) }
    func parameter(_ kind: Parameter.Kind, _ shape: [Int], _ role: ParameterRole) -> Parameter {
      Parameter(
        component: component, layer: layer, kind: kind, name: "\(stem).\(kind.rawValue)", shape: shape, role: role)
    }
    weight = parameter(.weight, shape, role)
    bias = biasRole.map { parameter(.bias, [shape[0]], $0) }
  }

  var all: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
}

/// The memory of all parameters, by name, while blocks are bound to it.
struct ParameterViews<Scalar> {
  let views: [String: Vector<Scalar>]

  subscript(parameter: Parameter) -> Vector<Scalar> {
    guard let view = views[parameter.name] else { fatalError("\(parameter.name) is no parameter of the family") }
    return view
  }

  func matrix(_ parameter: Parameter) -> Matrix<Scalar> {
    self[parameter].matrix(rows: parameter.shape[0], columns: parameter.shape[1])
  }
}
