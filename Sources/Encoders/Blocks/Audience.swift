import LinearAlgebra
import Parameters

/// The observers of one pass, by what they asked for: what a block shows its places to, knowing no statistic.
package struct Audience<Scalar: KernelScalar> {
  private let masks: [any EncoderObserver<Scalar>]
  private let parameters: [any EncoderObserver<Scalar>]
  private let tokenMasks: [any EncoderObserver<Scalar>]
  private let inputs: [any EncoderObserver<Scalar>]

  private init(
    masks: [any EncoderObserver<Scalar>] = [], parameters: [any EncoderObserver<Scalar>] = [],
    tokenMasks: [any EncoderObserver<Scalar>] = [], inputs: [any EncoderObserver<Scalar>] = []
  ) {
    self.masks = masks
    self.parameters = parameters
    self.tokenMasks = tokenMasks
    self.inputs = inputs
  }

  /// Nobody looks.
  package static var nobody: Audience { Audience() }

  /// Those of a forward pass, who want to see the inputs of linear layers.
  package static func forward(_ observers: [any EncoderObserver<Scalar>]) -> Audience {
    Audience(inputs: observers.filter { $0.interests.contains(.inputs) })
  }

  /// Those of a backward pass, who want to see gradients.
  package static func backward(_ observers: [any EncoderObserver<Scalar>]) -> Audience {
    Audience(
      masks: observers.filter { $0.interests.contains(.masks) },
      parameters: observers.filter { $0.interests.contains(.parameters) },
      tokenMasks: observers.filter { $0.interests.contains(.tokenMasks) })
  }

  var wantsInputs: Bool { !inputs.isEmpty }
  var wantsParameters: Bool { !parameters.isEmpty }
  /// Whether somebody wants to see gradients at the embeddings.
  var wantsEmbeddings: Bool { wantsParameters || !tokenMasks.isEmpty }

  func input(_ place: LinearInput, _ layer: Int?, _ x: Matrix<Scalar>, _ segments: Segments) {
    for observer in inputs { observer.observeInput(place, layer: layer, x, segments) }
  }

  /// - Parameter layer: of those that the data flow through.
  func headMask(_ layer: Int, _ input: Matrix<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments) {
    let observation = Observation(layer: layer, input: input, gradient: gradient, segments: segments)
    for observer in masks { observer.observeHeadMask(observation) }
  }

  /// - Parameter layer: of those that the data flow through.
  func neuronMask(_ layer: Int, _ input: Matrix<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments) {
    let observation = Observation(layer: layer, input: input, gradient: gradient, segments: segments)
    for observer in masks { observer.observeNeuronMask(observation) }
  }

  /// - Parameter rows: called where somebody wants to see them.
  func tokenMask(
    _ tokens: [Int32], _ gradient: Matrix<Scalar>, _ segments: Segments, rows: () -> Matrix<Scalar>
  ) {
    guard !tokenMasks.isEmpty else { return }
    let observation = Observation(layer: nil, input: rows(), gradient: gradient, segments: segments)
    for observer in tokenMasks { observer.observeTokenMask(tokens, observation) }
  }

  /// - Parameter input: called where somebody wants to see it.
  func linear(
    _ linear: Linear<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments, input: () -> Matrix<Scalar>
  ) {
    guard wantsParameters else { return }
    let observation = Observation(
      layer: linear.layer, firstOutput: linear.firstOutput, input: input(), gradient: gradient, segments: segments)
    for observer in parameters { observer.observeLinear(linear.component, observation) }
  }

  func norm(
    _ component: Component, _ layer: Int?, _ input: Matrix<Scalar>, _ gradient: Matrix<Scalar>, _ segments: Segments
  ) {
    let observation = Observation(layer: layer, input: input, gradient: gradient, segments: segments)
    for observer in parameters { observer.observeNorm(component, observation) }
  }

  func embeddings(_ tables: [TableRows], _ gradient: Matrix<Scalar>, _ segments: Segments) {
    for observer in parameters { observer.observeEmbeddings(tables, gradient: gradient, segments) }
  }
}
