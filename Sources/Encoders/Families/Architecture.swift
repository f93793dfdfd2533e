import Checkpoints
import LinearAlgebra
import Parameters

/// The name of ``Family`` until its callers are renamed.
package typealias Architecture = Family

extension Family {
  package static var families: [Family] { all }
  package static func family(_ modelType: String) -> Family? { named(modelType) }
}

extension StoredModel {
  package var architecture: Family { family }
}

extension EncoderConfiguration {
  package init(_ settings: ModelConfiguration, architecture: Family, hasHead: Bool) throws {
    try self.init(settings, family: architecture, hasHead: hasHead)
  }
}

extension EncoderWeights {
  package init<Failure>(
    architecture: Family, configuration: EncoderConfiguration, owners: [AnyObject] = [],
    source: (Parameter) throws(Failure) -> Vector<Scalar>
  ) throws(Failure) {
    try self.init(family: architecture, configuration: configuration, owners: owners, source: source)
  }
}
