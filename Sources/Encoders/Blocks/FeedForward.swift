import LinearAlgebra
import Parameters

/// The two feed-forward matrices as a family names them.
package struct FeedForwardForm: Sendable {
  let intermediate: LinearForm
  let output: LinearForm

  fileprivate func intermediate(_ layer: Int, _ c: EncoderConfiguration) -> ParameterPair {
    intermediate.parameters(
      .intermediate, layer: layer, outputs: c.intermediate, inputs: c.hidden,
      role: ParameterRole(.feedForward(layer: layer), .rows(.neurons, isScaled: false), input: .intermediate))
  }

  fileprivate func output(_ layer: Int, _ c: EncoderConfiguration) -> ParameterPair {
    let stage = ParameterRole.Stage.feedForward(layer: layer)
    return output.parameters(
      .output, layer: layer, outputs: c.hidden, inputs: c.intermediate,
      role: ParameterRole(stage, .columns(.neurons), input: .output), biasRole: ParameterRole(stage, input: .output))
  }

  func parameters(layer: Int, of c: EncoderConfiguration) -> [Parameter] {
    intermediate(layer, c).all + output(layer, c).all
  }

  func bind<Scalar>(layer: Int, _ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> FeedForward<Scalar> {
    FeedForward(
      layer: layer, activation: c.activation, intermediate: Linear(intermediate(layer, c), views),
      output: Linear(output(layer, c), views))
  }
}

/// f(X W₁ᵀ + b₁) W₂ᵀ + b₂ with an activation f. Its I activations are the neurons that the neuron mask multiplies.
package struct FeedForward<Scalar: KernelScalar> {
  let layer: Int
  /// f
  let activation: Activation
  /// W₁ and b₁, [I, D].
  package let intermediate: Linear<Scalar>
  /// W₂ and b₂, [D, I].
  package let output: Linear<Scalar>

  package struct Kept {
    /// f(u), [R, I]
    let activation: Matrix<Scalar>
    /// f'(u), [R, I]; nil where nobody will go backward.
    let derivative: Matrix<Scalar>?
  }

  /// y = f(X W₁ᵀ + b₁) W₂ᵀ; b₂ is left to the kernel that takes y.
  ///
  /// - Parameters:
  ///   - x: [R, D].
  ///   - y: [R, D], other memory than x.
  ///   - keeps: whether the derivative is kept for the backward pass.
  package func forward(
    _ x: Matrix<Scalar>, into y: Matrix<Scalar>, keeps: Bool, _ segments: Segments, in arena: Arena,
    show: Audience<Scalar>
  ) -> Kept {
    show.input(.intermediate, layer, x, segments)
    let inner = intermediate.product(x, in: arena)
    let derivative = keeps ? arena.matrix(x.rows, inner.columns, of: Scalar.self) : nil
    activate(inner, bias: intermediate.addedBias, by: activation, into: inner, derivative: derivative)
    show.input(.output, layer, inner, segments)
    multiplyRows(inner, output.weight, into: y, transposeB: true, scratch: arena)
    return Kept(activation: inner, derivative: derivative)
  }

  /// In place on the gradient at y + x, [S · R, D], to that at x: the gradient that comes through the block is added.
  ///
  /// With G at y: ∂activation = G W₂ (which is shown as the neuron mask's), ∂u = ∂activation ⊙ f'(u), and ∂u W₁ is
  /// added.
  ///
  /// - Parameter input: gives x, [R, D].
  package func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>,
    input: () -> Matrix<Scalar>
  ) {
    guard let derivative = kept.derivative else { preconditionFailure("a forward pass keeps it for the backward pass") }
    show.linear(.output, layer, g, segments) { kept.activation }
    let start = arena.mark
    let inner = output.backward(g, in: arena)
    show.neuronMask(layer, kept.activation, inner, segments)
    multiply(gradient: inner, by: derivative)
    show.linear(.intermediate, layer, inner, segments, input: input)
    multiplyRows(inner, intermediate.weight, into: g, beta: 1, scratch: arena)
    arena.release(to: start)
  }
}
