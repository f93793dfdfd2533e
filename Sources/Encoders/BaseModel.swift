import Checkpoints
import Parameters
import SystemPackage

/// The model that others were fine-tuned from, as far as it shares their parameters. A head of its own, and what else
/// pre-training has left in the directory, is not looked at.
///
/// Opening maps the weights and reads their headers only. **Not collective.**
package struct BaseModel: Sendable {
  package let directory: FilePath
  package let configuration: EncoderConfiguration
  package let files: ModelWeights
  /// The names of the parameters that it lacks, in the order of the data flow: a pooler, often.
  package let missing: [String]
  private let tensors: [String: StoredTensor]

  /// Opens a directory, and looks for the parameters of a model that was made from it, but for its head.
  ///
  /// - Parameter check: is given the configuration before any tensor is looked for.
  /// - Throws: ``ModelError`` for another family, for a tensor of another shape, and where no parameter is found at
  ///   all; and what reading `config.json` and the weights throws.
  package init(
    directory: FilePath, of model: StoredModel, check: (EncoderConfiguration) throws -> Void = { _ in }
  ) throws {
    try ForeignDirectory.check(directory)
    let settings = try ModelConfiguration(directory: directory)
    let family = try Family(settings)
    self.directory = directory
    configuration = try EncoderConfiguration(settings, family: family, hasHead: false)
    try check(configuration)
    files = try ModelWeights(directory: directory)
    var tensors: [String: StoredTensor] = [:]
    var missing: [String] = []
    for parameter in model.parameters where !parameter.isHead {
      let names = [parameter.name, family.bareName(parameter.name)]
      guard let tensor = names.lazy.compactMap({ [files] in files[$0] }).first else {
        missing.append(parameter.name)
        continue
      }
      guard tensor.shape == parameter.shape else {
        throw ModelError.wrongShape(
          directory, tensor: tensor.name, expected: parameter.shape, found: tensor.shape)
      }
      guard tensor.type.precision != nil else {
        throw ModelError.notFloatingPoint(directory, tensor: tensor.name, type: tensor.type.rawValue)
      }
      tensors[parameter.name] = tensor
    }
    if tensors.isEmpty, let first = missing.first {
      if let prefix = family.foreignPrefix(of: first, in: files.names) {
        throw ModelError.foreignPrefix(directory, tensor: prefix + first, prefix: prefix)
      }
      throw ModelError.missingTensor(directory, tensor: first)
    }
    if let foreign = Self.foreignTensor(in: files.names, family, model.parameters) {
      throw ModelError.unknownTensor(directory, tensor: foreign)
    }
    self.missing = missing
    self.tensors = tensors
  }

  /// The first tensor of the encoder that is no parameter of it, such as an adapter's: without it the base would be
  /// another model. Heads of any kind are outside the encoder.
  private static func foreignTensor(in names: [String], _ family: Family, _ parameters: [Parameter]) -> String? {
    let isPrefixed = names.contains { $0.hasPrefix(family.prefix) }
    let known = Set(parameters.map { isPrefixed ? $0.name : family.bareName($0.name) })
    return names.first { name in
      guard !known.contains(name), !family.ignores(name) else { return false }
      return !isPrefixed || name.hasPrefix(family.prefix) || name.contains("." + family.prefix)
    }
  }

  /// The stored tensor of a parameter of the models; nil where the base lacks it.
  package func tensor(_ parameter: Parameter) -> StoredTensor? { tensors[parameter.name] }

  /// Throws for the first of these parameters with a NaN or an infinity. Reads them all.
  package func requireFinite() throws(TensorAccessError) {
    for tensor in tensors.sorted(by: { $0.key < $1.key }) { try tensor.value.requireFinite() }
  }
}
