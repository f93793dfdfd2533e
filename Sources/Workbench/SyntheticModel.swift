import Checkpoints
import Datasets
import Encoders
import LinearAlgebra
import Parameters
import SystemPackage

/// A model with random weights of the size that training leaves them at, the same for the same seed.
///
/// Speed depends on shapes alone as long as no number is subnormal, so a random model stands for every model of its
/// shape.
package struct SyntheticModel: Sendable {
  package let configuration: EncoderConfiguration
  package let seed: UInt64

  package init(_ configuration: EncoderConfiguration, seed: UInt64 = 1) {
    self.configuration = configuration
    self.seed = seed
  }

  var family: Family {
    guard let family = Family.named(configuration.modelType) else { preconditionFailure("a family that is known") }
    return family
  }

  package var parameters: [Parameter] { family.parameters(of: configuration) }

  /// The weights in memory.
  package var weights: EncoderWeights<Float> { weights { _ in nil } }

  /// The weights, those outside the classifier from a directory that ``write(to:)`` wrote for any number of classes.
  package func weights(sharing model: StoredModel) throws(TensorAccessError) -> EncoderWeights<Float> {
    let shared = try model.singlePrecisionWeights()
    return weights(owners: [Owner(shared)]) { parameter in
      parameter.component == .classifier ? nil : model.tensor(parameter).vector
    }
  }

  private func weights(owners: [AnyObject] = [], source: (Parameter) -> Vector<Float>?) -> EncoderWeights<Float> {
    var views: [Parameter: Vector<Float>] = [:]
    var owners = owners
    for (index, parameter) in parameters.enumerated() {
      if let view = source(parameter) {
        views[parameter] = view
      } else {
        let buffer = values(of: parameter, index: index)
        views[parameter] = buffer.vector
        owners.append(buffer)
      }
    }
    return EncoderWeights(family: family, configuration: configuration, owners: owners) {
      parameter in
      guard let view = views[parameter] else { fatalError("every parameter has values") }
      return view
    }
  }

  /// Keeps weights alive that others point into.
  private final class Owner {
    let weights: EncoderWeights<Float>
    init(_ weights: EncoderWeights<Float>) { self.weights = weights }
  }

  /// Evenly distributed with a standard deviation of 0.02, BERT's own; scales of LayerNorms around 1.
  private func values(of parameter: Parameter, index: Int) -> Buffer<Float> {
    let buffer = Buffer<Float>(count: parameter.count)
    let isNorm = parameter.component.isNorm
    let mean: Float = isNorm && parameter.kind == .weight ? 1 : 0
    let width: Float = 0.02 * 1.732_050_8
    var random = SplitMix64(seed: SplitMix64.mix(seed &* 0x9E37_79B9 &+ UInt64(index)))
    let values = buffer.vector
    for place in 0..<values.count {
      values[place] = mean + Float(Int32(truncatingIfNeeded: random.next())) * (width * 0x1p-31)
    }
    return buffer
  }

  /// Writes the directory of a model as Hugging Face's libraries do: configuration, weights in F32, tokenizer, which is
  /// BERT's whatever the family. Every word of ``SyntheticExamples`` is a token of this tokenizer.
  package func write(to directory: FilePath) throws {
    try Self.text(configurationFile.serialized(), directory.appending("config.json"))
    try Self.text(SyntheticTokenizer.file(vocabulary: configuration.vocabulary), directory.appending("tokenizer.json"))
    try Self.text(
      SyntheticTokenizer.settings(positions: configuration.maximumTokens).serialized(),
      directory.appending("tokenizer_config.json"))
    let parameters = parameters
    let output = try OutputFile(path: directory.appending("model.safetensors"))
    var writer = try SafetensorsWriter(
      to: output,
      tensors: parameters.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) })
    for (index, parameter) in parameters.enumerated() {
      let buffer = values(of: parameter, index: index)
      try writer.write(parameter.name, buffer.vector)
    }
    try writer.finish()
  }

  static func text(_ text: String, _ path: FilePath) throws {
    let file = try OutputFile(path: path)
    try file.write(text + "\n")
    try file.close()
  }
}
