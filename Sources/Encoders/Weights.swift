import Parameters
import LinearAlgebra

/// The weights of one encoder as views: of the mapped file where it holds the type that is computed in, else of converted copies.
package struct EncoderWeights<Scalar: KernelScalar> {
  package struct Linear {
    /// [outputs, inputs]
    package let weight: Matrix<Scalar>
    /// [outputs]
    package let bias: Vector<Scalar>
  }

  package struct Norm {
    /// [hidden]
    package let weight: Vector<Scalar>
    /// [hidden]
    package let bias: Vector<Scalar>
  }

  package struct Layer {
    package let query, key, value, attentionOutput: Linear
    package let attentionNorm: Norm
    package let intermediate, output: Linear
    package let outputNorm: Norm
  }

  package let configuration: EncoderConfiguration
  /// [vocabulary, hidden]
  package let wordEmbeddings: Matrix<Scalar>
  /// [positions, hidden]
  package let positionEmbeddings: Matrix<Scalar>
  /// [token types, hidden]
  package let tokenTypeEmbeddings: Matrix<Scalar>
  package let embeddingNorm: Norm
  package let layers: [Layer]
  package let pooler: Linear
  package let classifier: Linear
  /// What the views point into; kept alive with them.
  private let owners: [AnyObject]

  /// Binds each parameter to a view that `source` gives for it.
  ///
  /// - Parameters:
  ///   - source: called once for every parameter of the architecture, with a vector of its `count` elements to return.
  ///   - owners: what keeps those vectors' memory alive.
  package init<Failure>(
    architecture: Architecture, configuration: EncoderConfiguration, owners: [AnyObject] = [],
    source: (Parameter) throws(Failure) -> Vector<Scalar>
  ) throws(Failure) {
    precondition(
      configuration.outputs > 0 && configuration.layers > 0, "an encoder that is evaluated has layers and a head")
    var views: [Key: Vector<Scalar>] = [:]
    for parameter in architecture.parameters(of: configuration) {
      let view = try source(parameter)
      precondition(view.count == parameter.count, "\(parameter.name) has another size than the architecture says")
      views[Key(parameter.component, parameter.layer, parameter.kind)] = view
    }
    func vector(_ component: Component, _ layer: Int?, _ kind: Parameter.Kind) -> Vector<Scalar> {
      guard let view = views[Key(component, layer, kind)] else { fatalError("the architecture has no \(component)") }
      return view
    }
    func table(_ component: Component, _ rows: Int) -> Matrix<Scalar> {
      vector(component, nil, .weight).matrix(rows: rows, columns: configuration.hidden)
    }
    func linear(_ component: Component, _ layer: Int? = nil) -> Linear {
      let bias = vector(component, layer, .bias)
      let weight = vector(component, layer, .weight)
      return Linear(weight: weight.matrix(rows: bias.count, columns: weight.count / max(1, bias.count)), bias: bias)
    }
    func norm(_ component: Component, _ layer: Int? = nil) -> Norm {
      Norm(weight: vector(component, layer, .weight), bias: vector(component, layer, .bias))
    }
    self.configuration = configuration
    self.owners = owners
    wordEmbeddings = table(.wordEmbeddings, configuration.vocabulary)
    positionEmbeddings = table(.positionEmbeddings, configuration.positions)
    tokenTypeEmbeddings = table(.tokenTypeEmbeddings, configuration.tokenTypes)
    embeddingNorm = norm(.embeddingNorm)
    layers = (0..<configuration.layers).map { layer in
      Layer(
        query: linear(.query, layer), key: linear(.key, layer), value: linear(.value, layer),
        attentionOutput: linear(.attentionOutput, layer), attentionNorm: norm(.attentionNorm, layer),
        intermediate: linear(.intermediate, layer), output: linear(.output, layer),
        outputNorm: norm(.outputNorm, layer))
    }
    pooler = linear(.pooler)
    classifier = linear(.classifier)
  }

  private struct Key: Hashable {
    let component: Component
    let layer: Int?
    let kind: Parameter.Kind
    init(_ component: Component, _ layer: Int?, _ kind: Parameter.Kind) {
      (self.component, self.layer, self.kind) = (component, layer, kind)
    }
  }
}
