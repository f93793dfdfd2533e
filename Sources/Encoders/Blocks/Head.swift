import LinearAlgebra
import Parameters

/// The classification head on each example's first token, as a family names it.
package struct HeadForm: Sendable {
  /// `architectures` in the `config.json` of a model with this head.
  package let className: String
  /// Part of the merged model, and of the bare encoder's file.
  let pooler: LinearForm
  /// A task's own.
  let classifier: LinearForm

  /// The names of the tensors that a bare encoder does not have.
  var ownNames: [String] { classifier.names }

  fileprivate func pooler(_ c: EncoderConfiguration) -> ParameterPair {
    pooler.parameters(.pooler, outputs: c.hidden, inputs: c.hidden, role: ParameterRole(.pooler, input: .pooler))
  }

  fileprivate func classifier(_ c: EncoderConfiguration) -> ParameterPair {
    classifier.parameters(
      .classifier, outputs: c.outputs, inputs: c.hidden, role: ParameterRole(.head, input: .classifier))
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] { pooler(c).all + classifier(c).all }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Head<Scalar> {
    Head(pooler: Linear(pooler(c), views), classifier: Linear(classifier(c), views))
  }
}

/// tanh(X W₁ᵀ + b₁) W₂ᵀ + b₂ of each example's first token: pooler, then classifier.
package struct Head<Scalar: KernelScalar> {
  /// W₁ and b₁, [D, D].
  package let pooler: Linear<Scalar>
  /// W₂ and b₂, [C, D].
  package let classifier: Linear<Scalar>

  package struct Kept {
    /// The pooler's output, [examples, D].
    let pooled: Matrix<Scalar>
    /// The outputs before any softmax, [examples, C].
    package let logits: Matrix<Scalar>
  }

  /// - Parameter x: the last layer's output at the first tokens, [examples, D].
  package func forward(_ x: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>) -> Kept {
    show.input(.pooler, nil, x, segments)
    let pooled = pooler.product(x, in: arena)
    tanh(pooled, bias: pooler.addedBias)
    show.input(.classifier, nil, pooled, segments)
    return Kept(pooled: pooled, logits: classifier.apply(to: pooled, in: arena))
  }

  /// From the gradient at the logits, [S · examples, C], to that at x, [S · examples, D], in new memory.
  ///
  /// ∂pooled = G W₂, ∂u = ∂pooled ⊙ (1 − pooled²), ∂x = ∂u W₁.
  ///
  /// - Parameter input: gives x, [examples, D].
  package func backward(
    _ kept: Kept, gradient: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>,
    input: () -> Matrix<Scalar>
  ) -> Matrix<Scalar> {
    show.linear(.classifier, nil, gradient, segments) { kept.pooled }
    let atPooled = classifier.backward(gradient, in: arena)
    tanhBackward(gradient: atPooled, output: kept.pooled)
    show.linear(.pooler, nil, atPooled, segments, input: input)
    return pooler.backward(atPooled, in: arena)
  }
}
