import Parameters
import Checkpoints
import LinearAlgebra
import SystemPackage

/// A model directory that the encoder can compute: every tensor present, known and of the right shape.
///
/// Opening maps the weights and reads their headers only; values are read when they are used. **Not collective.**
package struct StoredModel: Sendable {
  package let directory: FilePath
  package let architecture: Architecture
  package let configuration: EncoderConfiguration
  /// `config.json`, whole.
  package let settings: ModelConfiguration
  /// The classes' names by index; empty for a bare encoder and for regression with one unnamed output.
  package let labels: [String]
  package let files: ModelWeights
  /// All parameters, in the order in which the data flow through them.
  package let parameters: [Parameter]
  private let tensors: [String: StoredTensor]

  /// Opens a directory and checks configuration and tensors against the family's architecture.
  ///
  /// - Throws: ``ModelError``, and what reading `config.json` and the weights throws.
  package init(directory: FilePath) throws {
    let settings = try ModelConfiguration(directory: directory)
    let files = try ModelWeights(directory: directory)
    let modelType = try settings.string("model_type")
    guard let architecture = Architecture.family(modelType) else {
      throw ModelError.unknownFamily(settings.path, modelType: modelType)
    }
    let headNames = architecture.headNames
    let hasHead = files.parameters.contains { headNames.contains($0.name) }
    let configuration = try EncoderConfiguration(settings, architecture: architecture, hasHead: hasHead)
    // Names and shapes of all layers are made before they are looked for.
    guard configuration.layers <= files.parameters.count else {
      throw ModelError.impossibleSize(settings.path, key: architecture.keys.layers, value: configuration.layers)
    }
    let parameters = architecture.parameters(of: configuration)

    // A bare encoder's file leaves the prefix out.
    let isPrefixed = files.parameters.contains { $0.name.hasPrefix(architecture.prefix) }
    var remaining: [String: StoredTensor] = [:]
    for entry in files.parameters { remaining[entry.name] = entry.tensor }
    var tensors: [String: StoredTensor] = [:]
    for parameter in parameters {
      let stored = isPrefixed ? parameter.name : architecture.bareName(parameter.name)
      guard let tensor = remaining.removeValue(forKey: stored) else {
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
    if let unknown = remaining.keys.min() { throw ModelError.unknownTensor(directory, tensor: unknown) }

    self.directory = directory
    self.architecture = architecture
    self.configuration = configuration
    self.settings = settings
    self.labels = hasHead ? try settings.labels() : []
    self.files = files
    self.parameters = parameters
    self.tensors = tensors
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

extension Architecture {
  /// The names of the head's tensors.
  var headNames: Set<String> {
    guard let stem = templates[.classifier] else { return [] }
    return [stem + ".weight", stem + ".bias"]
  }

  /// A parameter's name in a file of the bare encoder.
  package func bareName(_ name: String) -> String {
    name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }

  /// The class name of the bare encoder in `config.json`.
  package var bareClassName: String { className.replacing("ForSequenceClassification", with: "Model") }
}

extension EncoderConfiguration {
  /// Reads the sizes from `config.json`, and refuses what the encoder does not compute.
  package init(_ settings: ModelConfiguration, architecture: Architecture, hasHead: Bool) throws {
    let keys = architecture.keys
    let activation = try settings.string(keys.activation, default: "gelu")
    // The tanh form differs slightly everywhere and would give slightly wrong numbers without an error.
    guard activation == "gelu" else {
      throw ModelError.unsupported(settings.path, key: keys.activation, value: activation, supported: "gelu")
    }
    let positionKind = try settings.string("position_embedding_type", default: "absolute")
    guard positionKind == "absolute" else {
      throw ModelError.unsupported(
        settings.path, key: "position_embedding_type", value: positionKind, supported: "absolute")
    }
    func size(_ key: String) throws -> Int {
      let value = try settings.integer(key)
      guard (1...Self.largestSize).contains(value) else {
        throw ModelError.impossibleSize(settings.path, key: key, value: value)
      }
      return value
    }
    let problem: Problem =
      switch hasHead ? try settings.problemKind() : .singleLabel {
      case .regression: .regression
      case .singleLabel: .singleLabel
      case .multiLabel: .multiLabel
      }
    self.init(
      modelType: architecture.modelType, layers: try size(keys.layers), hidden: try size(keys.hidden),
      heads: try size(keys.heads), intermediate: try size(keys.intermediate), vocabulary: try size(keys.vocabulary),
      positions: try size(keys.positions), tokenTypes: try size(keys.tokenTypes),
      layerNormEpsilon: try settings.double(keys.layerNormEpsilon, default: 1e-12),
      outputs: hasHead ? try settings.labelCount() : 0, problem: problem)
    guard hidden.isMultiple(of: heads) else {
      throw ModelError.unevenHeads(settings.path, hidden: hidden, heads: heads)
    }
    guard problem != .regression || outputs == 1 else {
      throw ModelError.unsupported(
        settings.path, key: "num_labels", value: "\(outputs) for regression", supported: "1 for regression")
    }
    guard problem != .singleLabel || !hasHead || outputs > 1 else {
      throw ModelError.unsupported(
        settings.path, key: "num_labels", value: "1 for single_label_classification",
        supported: "2 or more classes, or problem_type regression")
    }
  }

  /// Far above any model's size, and far below where products of three sizes overflow.
  private static let largestSize = 1 << 20
}
