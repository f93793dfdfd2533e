import Parameters
import Checkpoints
import LinearAlgebra
import SystemPackage

/// A model directory that the encoder can compute: every tensor present, known and of the right shape.
///
/// Opening maps the weights and reads their headers only; values are read when they are used. **Not collective.**
package struct StoredModel: Sendable {
  package let directory: FilePath
  package let family: Family
  package let configuration: EncoderConfiguration
  /// `config.json`, whole.
  package let settings: ModelConfiguration
  /// The classes' names by index; empty for a bare encoder and for regression with one unnamed output.
  package let labels: [String]
  package let files: ModelWeights
  /// All parameters, in the order in which the data flow through them.
  package let parameters: [Parameter]
  /// What the directory holds besides, for the user: keys that no class of the family has, tensors that nothing reads.
  package let notes: [String]
  private let tensors: [String: StoredTensor]

  /// Opens a directory and checks configuration and tensors against the family.
  ///
  /// - Throws: ``ModelError``, and what reading `config.json` and the weights throws.
  package init(directory: FilePath) throws {
    try ForeignDirectory.check(directory)
    let settings = try ModelConfiguration(directory: directory)
    let files = try ModelWeights(directory: directory)
    let family = try Family(settings)
    for architecture in try settings.architectures() where !family.isKnown(architecture: architecture) {
      throw ModelError.unsupported(
        settings.path, key: "architectures", value: architecture,
        supported: "\(family.head.className), \(family.bareClassName)")
    }
    let headNames = family.head.ownNames
    let hasHead = files.parameters.contains { headNames.contains($0.name) }
    let configuration = try EncoderConfiguration(settings, family: family, hasHead: hasHead)
    // Names and shapes of all layers are made before they are looked for.
    guard configuration.layers <= files.parameters.count else {
      throw ModelError.impossibleSize(settings.path, key: family.keys.layers.name, value: configuration.layers)
    }
    let parameters = family.parameters(of: configuration)

    // A bare encoder's file leaves the prefix out.
    let isPrefixed = files.parameters.contains { $0.name.hasPrefix(family.prefix) }
    var remaining: [String: StoredTensor] = [:]
    for entry in files.parameters { remaining[entry.name] = entry.tensor }
    var tensors: [String: StoredTensor] = [:]
    for parameter in parameters {
      let stored = isPrefixed ? parameter.name : family.bareName(parameter.name)
      guard let tensor = remaining.removeValue(forKey: stored) else {
        if let prefix = family.foreignPrefix(of: parameter.name, in: files.names) {
          throw ModelError.foreignPrefix(directory, tensor: prefix + parameter.name, prefix: prefix)
        }
        throw ModelError.missingTensor(directory, tensor: stored)
      }
      guard tensor.shape == parameter.shape else {
        throw ModelError.wrongShape(directory, tensor: stored, expected: parameter.shape, found: tensor.shape)
      }
      guard tensor.type.precision != nil else {
        throw ModelError.notFloatingPoint(directory, tensor: stored, type: tensor.type.rawValue)
      }
      tensors[parameter.name] = tensor
    }
    if let unknown = remaining.keys.filter({ !family.ignores($0) && (hasHead || !family.head.isRest($0)) }).min() {
      throw ModelError.unknownTensor(directory, tensor: unknown)
    }
    let ignored = remaining.keys.sorted()
    let keys = family.keys.unknown(in: settings)
    notes =
      (keys.isEmpty ? [] : ["\(settings.path): nothing reads \(Self.some(keys))"])
      + (ignored.isEmpty ? [] : ["\(directory): nothing reads the tensors \(Self.some(ignored))"])

    self.directory = directory
    self.family = family
    self.configuration = configuration
    self.settings = settings
    self.labels = hasHead ? try settings.labels() : []
    self.files = files
    self.parameters = parameters
    self.tensors = tensors
  }

  private static func some(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }

  /// Whether there is a classification head.
  package var hasHead: Bool { configuration.outputs > 0 }

  /// The stored tensor of a parameter of this model.
  package func tensor(_ parameter: Parameter) -> StoredTensor {
    guard let tensor = tensors[parameter.name] else { fatalError("\(parameter.name) is no parameter of \(directory)") }
    return tensor
  }

  /// The type of the largest tensor, which stands for the model's where tensors of several types are mixed.
  package var storedType: TensorType {
    parameters.max { $0.count < $1.count }.map { tensor($0).type } ?? .float32
  }
}
