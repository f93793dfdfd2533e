import LinearAlgebra
import Parameters

/// The classification head on one vector of each example, as a family names it: a linear layer as wide as the model, an
/// activation, a LayerNorm where the family has one, and the classifier.
package struct HeadForm: Sendable {
  /// The functions between the two layers.
  enum Function: Sendable, Hashable {
    case tanh
    case activation(Activation)
    /// What the configuration says.
    case configured
  }

  /// `architectures` in the `config.json` of a model with this head.
  package let className: String
  let dense: LinearForm
  /// Whether the first layer is part of the merged model, and of the bare encoder's file. Else it is a task's own, as the
  /// classifier is.
  let hasPooler: Bool
  let function: Function
  let norm: NormForm?
  let classifier: LinearForm
  /// Whether models without a classifier may have the layers below it, as pre-training leaves them: then they are no
  /// head.
  let standsAlone: Bool

  init(className: String, pooler: LinearForm, classifier: LinearForm) {
    self.className = className
    dense = pooler
    hasPooler = true
    function = .tanh
    norm = nil
    standsAlone = false
    self.classifier = classifier
  }

  init(
    className: String, dense: LinearForm, _ function: Function, norm: NormForm? = nil, classifier: LinearForm,
    standsAlone: Bool = false
  ) {
    self.className = className
    self.dense = dense
    hasPooler = false
    self.function = function
    self.norm = norm
    self.classifier = classifier
    self.standsAlone = standsAlone
  }

  /// The names of the tensors below the classifier that a bare encoder does not have.
  private var belowNames: [String] {
    (hasPooler ? [] : dense.names) + (norm.map { ["\($0.stem).weight", "\($0.stem).bias"] } ?? [])
  }

  /// The names of the tensors by one of which a model has a head.
  var ownNames: [String] { (standsAlone ? [] : belowNames) + classifier.names }

  /// Whether a tensor is of a head that has no classifier.
  func isRest(_ name: String) -> Bool { standsAlone && belowNames.contains(name) }

  private func dense(_ c: EncoderConfiguration) -> ParameterPair {
    dense.parameters(
      hasPooler ? .pooler : .headDense, outputs: c.hidden, inputs: c.hidden,
      role: ParameterRole(hasPooler ? .aboveLayers : .head, input: hasPooler ? .pooler : .headDense),
      hasBias: c.variant.headBias)
  }

  private static let normRole = ParameterRole(.head)

  private func classifier(_ c: EncoderConfiguration) -> ParameterPair {
    classifier.parameters(
      .classifier, outputs: c.outputs, inputs: c.hidden, role: ParameterRole(.head, .labels, input: .classifier))
  }

  func parameters(of c: EncoderConfiguration) -> [Parameter] {
    dense(c).all + (norm?.parameters(width: c.hidden, of: c, role: Self.normRole).all ?? []) + classifier(c).all
  }

  func bind<Scalar>(_ c: EncoderConfiguration, _ views: ParameterViews<Scalar>) -> Head<Scalar> {
    let activation: Activation? =
      switch function {
      case .tanh: nil
      case .activation(let fixed): fixed
      case .configured: c.variant.headActivation
      }
    return Head(
      input: hasPooler ? .pooler : .headDense, activation: activation, dense: Linear(dense(c), views),
      norm: norm.map { Norm($0, width: c.hidden, configuration: c, role: Self.normRole, views) },
      classifier: Linear(classifier(c), views))
  }
}

/// N(f(X W₁ᵀ + b₁)) W₂ᵀ + b₂ of one vector of each example, with a LayerNorm N or none.
package struct Head<Scalar: KernelScalar> {
  let input: LinearInput
  /// f; nil for tanh, whose derivative its output tells.
  let activation: Activation?
  /// W₁ and b₁, [D, D].
  package let dense: Linear<Scalar>
  /// N
  package let norm: Norm<Scalar>?
  /// W₂ and b₂, [C, D].
  package let classifier: Linear<Scalar>

  package struct Kept {
    /// The first layer's output after f, [examples, D].
    let activated: Matrix<Scalar>
    /// f' there; nil where the output tells it, as of tanh.
    let derivative: Matrix<Scalar>?
    let norm: Norm<Scalar>.Kept?
    /// What the classifier reads, [examples, D].
    package let features: Matrix<Scalar>
    /// The outputs before any softmax, [examples, C].
    package let logits: Matrix<Scalar>
  }

  /// - Parameter x: what the head reads, [examples, D].
  package func forward(_ x: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>) -> Kept {
    show.input(input, nil, x, segments)
    let activated = dense.product(x, in: arena)
    var derivative: Matrix<Scalar>?
    if let activation {
      let slopes = arena.matrix(activated.rows, activated.columns, of: Scalar.self)
      activate(activated, bias: dense.addedBias, by: activation, into: activated, derivative: slopes)
      derivative = slopes
    } else {
      tanh(activated, bias: dense.addedBias)
    }
    var (read, kept) = (activated, Norm<Scalar>.Kept?.none)
    if let norm {
      read = arena.matrix(activated.rows, activated.columns)
      kept = norm.forward(activated, into: read, in: arena)
    }
    show.input(.classifier, nil, read, segments)
    return Kept(
      activated: activated, derivative: derivative, norm: kept, features: read,
      logits: classifier.apply(to: read, in: arena))
  }

  /// From the gradient at the logits, [S · examples, C], to that at x, [S · examples, D], in new memory.
  ///
  /// ∂N = G W₂, from there through N; ∂u = that ⊙ f'(u), ∂x = ∂u W₁; for tanh f'(u) = 1 − f(u)².
  ///
  /// - Parameter input: gives x, [examples, D].
  package func backward(
    _ kept: Kept, gradient: Matrix<Scalar>, _ segments: Segments, in arena: Arena, show: Audience<Scalar>,
    input: () -> Matrix<Scalar>
  ) -> Matrix<Scalar> {
    show.linear(classifier, gradient, segments) { kept.norm?.output(in: arena) ?? kept.activated }
    let below = classifier.backward(gradient, in: arena)
    if let norm, let own = kept.norm { norm.backward(own, gradient: below, segments, show: show) }
    if let derivative = kept.derivative {
      multiply(gradient: below, by: derivative)
    } else {
      tanhBackward(gradient: below, output: kept.activated)
    }
    show.linear(dense, below, segments, input: input)
    return dense.backward(below, in: arena)
  }
}
