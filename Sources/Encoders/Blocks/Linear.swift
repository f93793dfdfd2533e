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
  ///   - hasBias: what the configuration says where the family's form leaves it open.
  func parameters(
    _ component: Component, at place: LayerPlace? = nil, outputs: Int, inputs: Int, role: ParameterRole,
    biasRole: ParameterRole? = nil, hasBias: Bool = true
  ) -> ParameterPair {
    ParameterPair(
      component, at: place, stem: stem, weight: [outputs, inputs], role: role,
      bias: self.hasBias && hasBias ? biasRole ?? role : nil)
  }
}

/// The bound weights of a linear layer, Y = X Wᵀ + b, or of some consecutive outputs of one.
package struct Linear<Scalar: KernelScalar> {
  /// Whose outputs these are.
  let component: Component
  let layer: Int?
  /// The first of them, and so the first row of the parameter.
  let firstOutput: Int
  /// [outputs, inputs]
  package let weight: Matrix<Scalar>
  /// [outputs]; nil where the layer has none.
  package let bias: Vector<Scalar>?
  /// The bias, or as many zeros: for an activation whose kernel adds one.
  let addedBias: Vector<Scalar>

  /// - Parameter outputs: which of the parameter's; nil for all.
  init(_ parameters: ParameterPair, _ views: ParameterViews<Scalar>, outputs: Range<Int>? = nil) {
    let outputs = outputs ?? 0..<parameters.weight.shape[0]
    component = parameters.weight.component
    layer = parameters.weight.layer
    firstOutput = outputs.lowerBound
    weight = views.matrix(parameters.weight).rows(outputs)
    bias = parameters.bias.map { views[$0][outputs] }
    addedBias = bias ?? views.zeros.vector[0..<outputs.count]
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
