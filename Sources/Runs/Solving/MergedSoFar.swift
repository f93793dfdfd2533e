import Encoders
import LinearAlgebra
import Merging
import MessagePassing
import ModelMerging
import Parameters

/// The parameters of a model that is merged layer by layer, as far as they are known: the same on all ranks.
final class MergedSoFar {
  private let models: [StoredModel]
  private let coefficients: Coefficients
  private let communicator: Communicator
  /// By name.
  private(set) var values: [String: Buffer<Float>] = [:]
  /// What stands where nothing is known yet, and is not looked at.
  private let unknown: Buffer<Float>

  init(models: [StoredModel], coefficients: Coefficients, communicator: Communicator) {
    self.models = models
    self.coefficients = coefficients
    self.communicator = communicator
    unknown = Buffer(count: models[0].parameters.map(\.count).max() ?? 0)
  }

  /// Gives a parameter to all ranks; the root fills it. **Collective.**
  func share(_ parameter: Parameter, fill: (Vector<Float>) throws -> Void) throws -> Buffer<Float> {
    let buffer = Buffer<Float>(count: parameter.count)
    try communicator.agreeOnRoot(in: "merging \(parameter.name)") { try fill(buffer.vector) }
    try withExtendedLifetime(buffer) { try communicator.broadcast(buffer.vector.buffer) }
    values[parameter.name] = buffer
    return buffer
  }

  /// The memory of a parameter that is being solved for, part by part.
  func room(for parameter: Parameter) -> Buffer<Float> {
    let buffer = values[parameter.name] ?? Buffer<Float>(count: parameter.count)
    values[parameter.name] = buffer
    return buffer
  }

  /// The averages of some parameters.
  ///
  /// - Parameter tokenRows: of those with a row for each token; on the root.
  ///
  /// **Collective.**
  func average(_ parameters: [Parameter], tokenRows: SiteWeights? = nil) throws {
    let averages = AveragedParameters(sources: models)
    for parameter in parameters {
      let weights = parameter.role.spread == .tokens ? tokenRows ?? .linear(coefficients) : .linear(coefficients)
      _ = try share(parameter) { try averages.average(parameter, by: weights, into: $0) }
    }
  }

  /// An encoder's weights with the parameters that are known.
  func weights() throws -> EncoderWeights<Float> {
    let first = models[0]
    return EncoderWeights(
      family: first.family, configuration: first.configuration, owners: [unknown] + Array(values.values)
    ) { [unknown, values] parameter in
      values[parameter.name]?.vector ?? unknown.vector[0..<parameter.count]
    }
  }
}
