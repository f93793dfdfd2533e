import LinearAlgebra
import Parameters

/// The tensors of one linear layer, LayerNorm or table, as the block that owns them declares them.
struct ParameterPair {
  let weight: Parameter
  let bias: Parameter?

  /// - Parameters:
  ///   - place: the layer; nil outside the layers.
  ///   - stem: the tensors' names without ".weight" and ".bias"; `{layer}` stands for the layer's number, `{group}` and
  ///     `{inner}` for those of a layer among others that share its parameters.
  ///   - shape: of the weight. A bias has its first size.
  ///   - role: of the weight.
  ///   - biasRole: of the bias; nil for none.
  init(
    _ component: Component, at place: LayerPlace?, stem: String, weight shape: [Int], role: ParameterRole,
    bias biasRole: ParameterRole?
  ) {
    let stem = (place?.names ?? [:]).reduce(into: stem) { stem, name in
      if let range = stem.firstRange(of: "{\(name.key)}") { stem.replaceSubrange(range, with: String(name.value)) }
    }
    let layer = place?.number
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
struct ParameterViews<Scalar: KernelScalar> {
  let views: [String: Vector<Scalar>]
  /// What stands for the biases that a model does not have.
  let zeros: Buffer<Scalar>

  init(_ views: [String: Vector<Scalar>], of c: EncoderConfiguration) {
    self.views = views
    zeros = Buffer(count: max(c.hidden, c.intermediate, c.embedding))
  }

  subscript(parameter: Parameter) -> Vector<Scalar> {
    guard let view = views[parameter.name] else { fatalError("\(parameter.name) is no parameter of the family") }
    return view
  }

  /// A parameter with its first size as rows and all others as columns.
  func matrix(_ parameter: Parameter) -> Matrix<Scalar> {
    self[parameter].matrix(rows: parameter.shape[0], columns: parameter.count / parameter.shape[0])
  }
}
