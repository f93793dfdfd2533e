import LinearAlgebra
import Parameters

/// The classification head on each example's first token, as a family names it: a linear layer as wide as the model, an
/// activation, and the classifier.
package struct HeadForm: Sendable {
  /// The functions between the two layers.
  enum Function: Sendable, Hashable {
    case tanh
    case activation(Activation)
  }

  /// `architectures` in the `config.json` of a model with this head.
  package let className: String
  let dense: LinearForm
  /// Whether the first layer is part of the merged model, and of the bare encoder's file. Else it is a task's own, as the
  /// classifier is.
  let hasPooler: Bool
  let function: Function
  let classifier: LinearForm

  init(className: String, pooler: LinearForm, classifier: LinearForm) {
    self.className = className
    dense = pooler
    hasPooler = true
    function = .tanh
    self.classifier = classifier
  }

  init(className: String, dense: LinearForm, _ function: Function, classifier: LinearForm) {
    self.className = className
    self.dense = dense
    hasPooler = false
    self.function = function
    self.classifier = classifier
  }

  /// The names of the tensors that a bare encoder does not have.
  var ownNames: [String] { (hasPooler ? [] : dense.names) + classifier.names }

  private var place: (component: Component, input: LinearInput) {
    hasPooler ? (.pooler, .pooler) : (.headDense, .headDense)
  }

  private func dense(_ c: EncoderConfiguration) -> ParameterPair {
    dense.parameters(
      place.component, outputs: c.hidden, inputs: c.hidden,
      role: ParameterRole(hasPooler ? .pooler : .head, input: place.input))
  }

  private func classifier(_ c: EncoderConfiguration) -> ParameterPair {
    classifier.parameters(
      .classifier, outputs: c.outputs, inputs: c.hidden, role: ParameterRole(.head, .labels, input: .classifier))
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] { dense(c).all + classifier(c).all }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Head<Scalar> {
    Head(
      component: place.component, input: place.input, function: function, dense: Linear(dense(c), views),
      classifier: Linear(classifier(c), views))
  }
}

/// f(X W₁ᵀ + b₁) W₂ᵀ + b₂ of each example's first token.
package struct Head<Scalar: KernelScalar> {
  let component: Component
  let input: LinearInput
  /// f
  let function: HeadForm.Function
  /// W₁ and b₁, [D, D].
  package let dense: Linear<Scalar>
  /// W₂ and b₂, [C, D].
  package let classifier: Linear<Scalar>

  package struct Kept {
    /// The first layer's output after f, [examples, D].
    let pooled: Matrix<Scalar>
    /// f' there; nil where the output tells it, as of tanh.
    let derivative: Matrix<Scalar>?
    /// The outputs before any softmax, [examples, C].
    package let logits: Matrix<Scalar>
  }

  /// - Parameter x: the last layer's output at the first tokens, [examples, D].
  package func forward(_ x: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>) -> Kept {
    show.input(input, nil, x, segments)
    let pooled = dense.product(x, in: arena)
    var derivative: Matrix<Scalar>?
    switch function {
    case .tanh: tanh(pooled, bias: dense.addedBias)
    case .activation(let activation):
      let slopes = arena.matrix(pooled.rows, pooled.columns, of: Scalar.self)
      activate(pooled, bias: dense.addedBias, by: activation, into: pooled, derivative: slopes)
      derivative = slopes
    }
    show.input(.classifier, nil, pooled, segments)
    return Kept(pooled: pooled, derivative: derivative, logits: classifier.apply(to: pooled, in: arena))
  }

  /// From the gradient at the logits, [S · examples, C], to that at x, [S · examples, D], in new memory.
  ///
  /// ∂pooled = G W₂, ∂u = ∂pooled ⊙ f'(u), ∂x = ∂u W₁; for tanh f'(u) = 1 − pooled².
  ///
  /// - Parameter input: gives x, [examples, D].
  package func backward(
    _ kept: Kept, gradient: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>,
    input: () -> Matrix<Scalar>
  ) -> Matrix<Scalar> {
    show.linear(.classifier, nil, gradient, segments) { kept.pooled }
    let atPooled = classifier.backward(gradient, in: arena)
    if let derivative = kept.derivative {
      multiply(gradient: atPooled, by: derivative)
    } else {
      tanhBackward(gradient: atPooled, output: kept.pooled)
    }
    show.linear(component, nil, atPooled, segments, input: input)
    return dense.backward(atPooled, in: arena)
  }
}
