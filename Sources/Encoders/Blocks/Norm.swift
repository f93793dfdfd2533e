import LinearAlgebra
import Parameters

/// A LayerNorm as a family names it.
package struct NormForm: Sendable {
  let component: Component
  /// The tensors' names without ".weight" and ".bias"; `{layer}` stands for the layer's number.
  let stem: String

  init(_ component: Component, _ stem: String) {
    self.component = component
    self.stem = stem
  }

  /// Weight and bias, [width] each.
  func parameters(layer: Int? = nil, width: Int, role: ParameterRole) -> ParameterPair {
    ParameterPair(component, layer: layer, stem: stem, weight: [width], role: role, bias: role)
  }
}

/// LayerNorm: y = x̂ ⊙ weight + bias with x̂ = (z − mean) / √(variance + ε), row by row.
package struct Norm<Scalar: KernelScalar> {
  let component: Component
  let layer: Int?
  /// [D]
  package let weight: Vector<Scalar>
  /// [D]
  package let bias: Vector<Scalar>
  let epsilon: Scalar

  init(
    _ form: NormForm, layer: Int? = nil, width: Int, configuration: EncoderConfiguration, role: ParameterRole,
    _ views: ParameterViews<Scalar>
  ) {
    let parameters = form.parameters(layer: layer, width: width, role: role)
    guard let bias = parameters.bias else { fatalError("the kernel of LayerNorm adds a bias") }
    component = form.component
    self.layer = layer
    weight = views[parameters.weight]
    self.bias = views[bias]
    epsilon = Scalar(configuration.layerNormEpsilon)
  }

  /// What stays for the backward pass. The output does not, since it is x̂ times the weight plus the bias.
  package struct Kept {
    /// x̂, [R, D]
    package let normalized: Matrix<Scalar>
    /// 1 / √(variance + ε), [R]
    let inverseDeviation: Vector<Scalar>
    fileprivate let weight: Vector<Scalar>
    fileprivate let bias: Vector<Scalar>

    /// The output once more, [R, D], with the same bits, in new memory.
    package func output(in arena: Arena) -> Matrix<Scalar> {
      let y = arena.matrix(normalized.rows, normalized.columns, of: Scalar.self)
      layerNormOutput(normalized: normalized, weight: weight, offset: bias, into: y)
      return y
    }
  }

  /// y = LayerNorm(x + pending + residual), all in one kernel.
  ///
  /// - Parameters:
  ///   - x: [R, D].
  ///   - pending: [D], the bias of the product that x is, which nobody has added yet.
  ///   - residual: [R, D].
  ///   - y: [R, D]; may be x.
  package func forward(
    _ x: Matrix<Scalar>, pending: Vector<Scalar>? = nil, residual: Matrix<Scalar>? = nil, into y: Matrix<Scalar>,
    in arena: Arena
  ) -> Kept {
    let kept = Kept(
      normalized: arena.matrix(x.rows, x.columns), inverseDeviation: arena.vector(x.rows), weight: weight, bias: bias)
    layerNorm(
      x, bias: pending, residual: residual, weight: weight, offset: bias, epsilon: epsilon, into: y,
      normalized: kept.normalized, inverseDeviation: kept.inverseDeviation)
    return kept
  }

  /// In place: from the gradient at y, [S · R, D], to that at x, which is also that at `pending`'s rows and at
  /// `residual`.
  ///
  /// With ŷ = gradient ⊙ weight it is (ŷ − mean(ŷ) − x̂ mean(ŷ ⊙ x̂)) / √(variance + ε), row by row.
  package func backward(
    _ kept: Kept, gradient: Matrix<Scalar>, _ segments: Segments, show: Audience<Scalar>
  ) {
    show.norm(component, layer, kept.normalized, gradient, segments)
    layerNormBackward(
      gradient: gradient, normalized: kept.normalized, inverseDeviation: kept.inverseDeviation, weight: weight)
  }
}
