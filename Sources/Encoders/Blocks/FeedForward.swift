import LinearAlgebra
import Parameters

/// The two feed-forward matrices as a family names them.
package struct FeedForwardForm: Sendable {
  let intermediate: LinearForm
  let output: LinearForm
  /// Whether the first has two halves, the second of which multiplies the activations of the first.
  let isGated: Bool

  init(intermediate: LinearForm, output: LinearForm, isGated: Bool = false) {
    self.intermediate = intermediate
    self.output = output
    self.isGated = isGated
  }

  private func intermediate(_ place: LayerPlace, _ c: EncoderConfiguration) -> ParameterPair {
    // The mask is on the product, so that it weighs row i of both halves.
    let rows = ParameterRole.Spread.rows(.neurons, isScaled: false)
    return intermediate.parameters(
      .intermediate, at: place, outputs: (isGated ? 2 : 1) * c.intermediate, inputs: c.hidden,
      role: ParameterRole(.feedForward, isGated ? .parts([rows, rows]) : rows, uses: place.uses, input: .intermediate),
      hasBias: c.variant.feedForwardBias)
  }

  private func output(_ place: LayerPlace, _ c: EncoderConfiguration) -> ParameterPair {
    output.parameters(
      .output, at: place, outputs: c.hidden, inputs: c.intermediate,
      role: ParameterRole(.feedForward, .columns(.neurons), uses: place.uses, input: .output),
      biasRole: ParameterRole(.feedForward, uses: place.uses, input: .output), hasBias: c.variant.feedForwardBias)
  }

  func parameters(at place: LayerPlace, of c: EncoderConfiguration) -> [Parameter] {
    intermediate(place, c).all + output(place, c).all
  }

  func bind<Scalar>(
    layer: Int, at place: LayerPlace, _ c: EncoderConfiguration, _ views: ParameterViews<Scalar>
  ) -> FeedForward<Scalar> {
    let (intermediate, i) = (intermediate(place, c), c.intermediate)
    return FeedForward(
      layer: layer, activation: c.activation, intermediate: Linear(intermediate, views, outputs: 0..<i),
      gate: isGated ? Linear(intermediate, views, outputs: i..<2 * i) : nil, output: Linear(output(place, c), views))
  }
}

/// f(X W₁ᵀ + b₁) W₂ᵀ + b₂ with an activation f; or (f(X W₁ᵀ + b₁) ⊙ (X W₃ᵀ + b₃)) W₂ᵀ + b₂ with a gate (Shazeer 2020,
/// arXiv 2002.05202). The I numbers that W₂ takes are the neurons that the neuron mask multiplies.
package struct FeedForward<Scalar: KernelScalar> {
  /// Of those that the data flow through; for masks.
  let layer: Int
  /// f
  let activation: Activation
  /// W₁ and b₁, [I, D].
  package let intermediate: Linear<Scalar>
  /// W₃ and b₃, [I, D]; nil for none.
  package let gate: Linear<Scalar>?
  /// W₂ and b₂, [D, I].
  package let output: Linear<Scalar>

  package struct Kept {
    /// What W₂ takes, [R, I].
    let neurons: Matrix<Scalar>
    /// The derivative of that by what f takes, [R, I]; nil where nobody will go backward.
    let derivative: Matrix<Scalar>?
    /// The derivative of that by what the gate gives, [R, I]; nil without a gate.
    let gateDerivative: Matrix<Scalar>?
  }

  /// b₂ is left to the kernel that takes y.
  ///
  /// - Parameters:
  ///   - x: [R, D].
  ///   - y: [R, D], other memory than x.
  ///   - keeps: whether the derivative is kept for the backward pass.
  package func forward(
    _ x: Matrix<Scalar>, into y: Matrix<Scalar>, keeps: Bool, _ segments: Segments, in arena: Arena,
    show: Audience<Scalar>
  ) -> Kept {
    show.input(.intermediate, intermediate.layer, x, segments)
    let inner = intermediate.product(x, in: arena)
    let derivative = keeps ? arena.matrix(x.rows, inner.columns, of: Scalar.self) : nil
    activate(inner, bias: intermediate.addedBias, by: activation, into: inner, derivative: derivative)
    var neurons = inner
    if let gate {
      neurons = gate.apply(to: x, in: arena)
      if let derivative { multiply(gradient: derivative, by: neurons) }
      multiply(gradient: neurons, by: inner)
    }
    show.input(.output, output.layer, neurons, segments)
    multiplyRows(neurons, output.weight, into: y, transposeB: true, scratch: arena)
    return Kept(neurons: neurons, derivative: derivative, gateDerivative: gate == nil ? nil : inner)
  }

  /// What W₂ takes, from what W₁ and the gate put out with their biases; in place of the first.
  func activateOutputs(_ outputs: [Matrix<Scalar>], in arena: Arena) {
    let zeros = arena.vector(outputs[0].columns, of: Scalar.self)
    zeros.clear()
    activate(outputs[0], bias: zeros, by: activation, into: outputs[0], derivative: nil)
    if outputs.count > 1 { multiply(gradient: outputs[0], by: outputs[1]) }
  }

  /// From the gradient at y, [S · R, D], to that at x, of the same shape.
  ///
  /// With G at y: ∂neurons = G W₂ (which is shown as the neuron mask's), from there ∂u by the derivatives, and ∂u W₁, and
  /// likewise for the gate.
  ///
  /// - Parameters:
  ///   - target: where the gradient at x goes; it may be g.
  ///   - adds: whether it is added there: so it is where g is also the gradient at x.
  ///   - input: gives x, [R, D].
  package func backward(
    _ kept: Kept, gradient g: Matrix<Scalar>, into target: Matrix<Scalar>, adds: Bool, _ segments: Segments,
    in arena: Arena, show: Audience<Scalar>, input: () -> Matrix<Scalar>
  ) {
    guard let derivative = kept.derivative else { preconditionFailure("a forward pass keeps it for the backward pass") }
    show.linear(output, g, segments) { kept.neurons }
    let start = arena.mark
    let inner = output.backward(g, in: arena)
    show.neuronMask(layer, kept.neurons, inner, segments)
    var atGate: Matrix<Scalar>?
    if let gateDerivative = kept.gateDerivative {
      let copied = arena.matrix(inner.rows, inner.columns, of: Scalar.self)
      copy(inner.elements, to: copied.elements)
      multiply(gradient: copied, by: gateDerivative)
      atGate = copied
    }
    multiply(gradient: inner, by: derivative)
    if show.wantsParameters {
      let x = input()
      show.linear(intermediate, inner, segments) { x }
      if let gate, let atGate { show.linear(gate, atGate, segments) { x } }
    }
    multiplyRows(inner, intermediate.weight, into: target, beta: adds ? 1 : 0, scratch: arena)
    if let gate, let atGate { multiplyRows(atGate, gate.weight, into: target, beta: 1, scratch: arena) }
    arena.release(to: start)
  }
}
