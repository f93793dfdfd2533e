import LinearAlgebra
import Parameters

/// A linear layer as a family names it.
package struct LinearForm: Sendable {
  /// The tensors' names without ".weight" and ".bias"; `{layer}` stands for the layer's number.
  let stem: String
  let hasBias: Bool

  init(_ stem: String, hasBias: Bool = true) {
    self.stem = stem
    self.hasBias = hasBias
  }

  /// The tensors' names outside the layers.
  var names: [String] { hasBias ? ["\(stem).weight", "\(stem).bias"] : ["\(stem).weight"] }

  /// Its parameters: the weight, [outputs, inputs], and the bias, [outputs].
  ///
  /// - Parameters:
  ///   - role: of the weight.
  ///   - biasRole: of the bias; the weight's where it is nil.
  func parameters(
    _ component: Component, layer: Int? = nil, outputs: Int, inputs: Int, role: ParameterRole,
    biasRole: ParameterRole? = nil
  ) -> ParameterPair {
    ParameterPair(
      component, layer: layer, stem: stem, weight: [outputs, inputs], role: role,
      bias: hasBias ? biasRole ?? role : nil)
  }
}

/// The bound weights of a linear layer, Y = X Wᵀ + b.
package struct Linear<Scalar: KernelScalar> {
  /// [outputs, inputs]
  package let weight: Matrix<Scalar>
  /// [outputs]; nil where the layer has none.
  package let bias: Vector<Scalar>?

  init(_ parameters: ParameterPair, _ views: ParameterViews<Scalar>) {
    weight = views.matrix(parameters.weight)
    bias = parameters.bias.map { views[$0] }
  }

  /// The bias, for an activation whose kernel adds one.
  var addedBias: Vector<Scalar> {
    guard let bias else { preconditionFailure("this block's activation adds a bias") }
    return bias
  }

  /// X Wᵀ, [R, outputs], in new memory; the bias is added where the next kernel can do it in passing.
  func product(_ x: Matrix<Scalar>, in arena: Arena) -> Matrix<Scalar> {
    let y = arena.matrix(x.rows, weight.rows, of: Scalar.self)
    multiplyRows(x, weight, into: y, transposeB: true, scratch: arena)
    return y
  }

  /// X Wᵀ + b, [R, outputs], in new memory.
  func apply(to x: Matrix<Scalar>, in arena: Arena) -> Matrix<Scalar> {
    let y = product(x, in: arena)
    if let bias { add(bias: bias, to: y) }
    return y
  }

  /// G W, the gradient at the input, [S · R, inputs], in new memory.
  func backward(_ gradient: Matrix<Scalar>, in arena: Arena) -> Matrix<Scalar> {
    let x = arena.matrix(gradient.rows, weight.columns, of: Scalar.self)
    multiplyRows(gradient, weight, into: x, scratch: arena)
    return x
  }
}
