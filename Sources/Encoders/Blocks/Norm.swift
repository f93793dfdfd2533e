import LinearAlgebra
import Parameters

/// A LayerNorm as a family names it.
package struct NormForm: Sendable {
  let component: Component
  /// The tensors' names without ".weight" and ".bias"; see ``ParameterPair``.
  let stem: String

  init(_ component: Component, _ stem: String) {
    self.component = component
    self.stem = stem
  }

  /// Weight and, where the configuration has them, bias, [width] each.
  ///
  /// - Parameter biasRole: of the bias; the weight's where it is nil.
  func parameters(
    at place: LayerPlace? = nil, width: Int, of c: EncoderConfiguration, role: ParameterRole,
    biasRole: ParameterRole? = nil
  ) -> ParameterPair {
    ParameterPair(
      component, at: place, stem: stem, weight: [width], role: role,
      bias: c.variant.normBias ? biasRole ?? role : nil)
  }
}

/// LayerNorm: y = x̂ ⊙ weight + bias with x̂ = (z − mean) / √(variance + ε), row by row.
package struct Norm<Scalar: KernelScalar> {
  let component: Component
  let layer: Int?
  /// [D]
  package let weight: Vector<Scalar>
  /// [D]; zeros where the model has none.
  package let bias: Vector<Scalar>
  let epsilon: Scalar

  init(
    _ form: NormForm, at place: LayerPlace? = nil, width: Int, configuration: EncoderConfiguration,
    role: ParameterRole, _ views: ParameterViews<Scalar>
  ) {
    let parameters = form.parameters(at: place, width: width, of: configuration, role: role)
    component = form.component
    layer = place?.number
    weight = views[parameters.weight]
    bias = parameters.bias.map { views[$0] } ?? views.zeros.vector[0..<width]
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

    /// Some of its rows once more, one after the other, each as often as it is named: [rows, D].
    func rows(_ rows: [Int], in arena: Arena) -> Kept {
      let kept = Kept(
        normalized: arena.matrix(rows.count, normalized.columns), inverseDeviation: arena.vector(rows.count),
        weight: weight, bias: bias)
      for (target, row) in rows.enumerated() {
        copy(normalized.row(row), to: kept.normalized.row(target))
        kept.inverseDeviation[target] = inverseDeviation[row]
      }
      return kept
    }

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
