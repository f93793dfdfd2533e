import LinearAlgebra
import Parameters

/// The blocks of one encoder, bound to its weights: views of the mapped file where it holds the type that is computed
/// in, else of converted copies.
package struct EncoderWeights<Scalar: KernelScalar> {
  package let configuration: EncoderConfiguration
  package let embeddings: Embeddings<Scalar>
  /// What the attention of all layers shares about relative positions; nil for nothing.
  let relative: RelativePositions<Scalar>?
  /// The blocks of each layer, in the order in which the data flow through them. Layers that share parameters are bound
  /// to the same.
  package let layers: [[Sublayer<Scalar>]]
  /// The number of blocks of all layers.
  let blockCount: Int
  package let top: Top<Scalar>
  /// What the views point into; kept alive with them.
  private let owners: [AnyObject]

  /// Binds each parameter to a view that `source` gives for it.
  ///
  /// - Parameters:
  ///   - source: called once for every parameter of the family, with a vector of its `count` elements to return.
  ///   - owners: what keeps those vectors' memory alive.
  package init<Failure>(
    family: Family, configuration: EncoderConfiguration, owners: [AnyObject] = [],
    source: (Parameter) throws(Failure) -> Vector<Scalar>
  ) throws(Failure) {
    precondition(
      configuration.outputs > 0 && configuration.layers > 0, "an encoder that is evaluated has layers and a head")
    var views: [String: Vector<Scalar>] = [:]
    for parameter in family.parameters(of: configuration) {
      let view = try source(parameter)
      precondition(view.count == parameter.count, "\(parameter.name) has another size than the family says")
      views[parameter.name] = view
    }
    let bound = ParameterViews(views, of: configuration)
    self.configuration = configuration
    self.owners = owners + [bound.zeros]
    embeddings = family.embeddings.bind(configuration, bound)
    relative = family.relative?.bind(configuration, bound)
    let rotations = Rotations<Scalar>(configuration)
    let places = configuration.layerPlaces
    layers = (0..<configuration.depth).map { layer in
      guard let place = places.first(where: { $0.uses.contains(layer) }) else { fatalError("every layer has a place") }
      return family.layer.compactMap {
        $0.bind(layer: layer, at: place, configuration, bound, rotation: rotations.of(layer: place.number))
      }
    }
    blockCount = layers.reduce(0) { $0 + $1.count }
    top = family.bindTop(configuration, bound)
  }

  package var head: Head<Scalar> { top.head }

  /// Whether a block of the layer reads the layer's input, beside what the block before it gives.
  func readsInputAside(_ layer: Int) -> Bool {
    layers[layer].contains { if case .convolution = $0.block { true } else { false } }
  }
}

/// How queries and keys turn in global and in local layers.
private struct Rotations<Scalar: KernelScalar> {
  private let settings: EncoderConfiguration.Rotary?
  private let global, local: Rotation<Scalar>?

  init(_ c: EncoderConfiguration) {
    settings = c.variant.rotary
    global = settings.map { Rotation(headSize: c.headSize, theta: $0.globalTheta) }
    local = settings.map { Rotation(headSize: c.headSize, theta: $0.localTheta) }
  }

  func of(layer: Int) -> Rotation<Scalar>? { settings?.isLocal[layer] == true ? local : global }
}
