import LinearAlgebra
import Parameters

/// The blocks of one encoder, bound to its weights: views of the mapped file where it holds the type that is computed
/// in, else of converted copies.
package struct EncoderWeights<Scalar: KernelScalar> {
  package let configuration: EncoderConfiguration
  package let embeddings: Embeddings<Scalar>
  /// The blocks of each layer, in the order in which the data flow through them.
  package let layers: [[Sublayer<Scalar>]]
  /// The number of blocks of all layers.
  let blockCount: Int
  package let head: Head<Scalar>
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
    let bound = ParameterViews(views: views)
    self.configuration = configuration
    self.owners = owners
    embeddings = family.embeddings.bind(configuration, bound)
    layers = (0..<configuration.layers).map { layer in
      family.layer.map { $0.bind(layer: layer, configuration, bound) }
    }
    blockCount = configuration.layers * family.layer.count
    head = family.head.bind(configuration, bound)
  }
}
