import Encoders
import LinearAlgebra
import Parameters

/// A merged encoder in memory, with the head of each task. Not collective.
package final class MergedWeights {
  private let models: [StoredModel]
  private let backbone: [(parameter: Parameter, values: Buffer<Float>)]
  private let places: [String: Int]
  private var heads: [[String: Buffer<Float>]] = []

  /// Reads the heads; the encoder is filled later.
  package init(models: [StoredModel], heads: MergedHeads) throws {
    self.models = models
    backbone = models[0].mergedParameters.map { ($0, Buffer<Float>(count: $0.count)) }
    places = Dictionary(uniqueKeysWithValues: backbone.enumerated().map { ($1.parameter.name, $0) })
    try setHeads(heads)
  }

  /// Changes the heads, where they are merged by other coefficients.
  package func setHeads(_ heads: MergedHeads) throws {
    self.heads = try models.enumerated().map { task, model in
      var own: [String: Buffer<Float>] = [:]
      for parameter in model.parameters where parameter.isHead {
        if let merged = try heads.merged(parameter, task: task) {
          own[parameter.name] = merged
        } else {
          let copy = Buffer<Float>(count: parameter.count)
          try model.tensor(parameter).copy(into: copy.vector)
          own[parameter.name] = copy
        }
      }
      return own
    }
  }

  /// Writes all merged parameters, one after the other.
  package func fill(_ body: (_ parameter: Parameter, _ target: Vector<Float>) throws -> Void) throws {
    for (parameter, values) in backbone { try withExtendedLifetime(values) { try body(parameter, values.vector) } }
  }

  /// One merged parameter, for as long as the call lasts.
  func withValues(of parameter: Parameter, _ body: (Vector<Float>) throws -> Void) rethrows {
    guard let place = places[parameter.name] else { preconditionFailure("\(parameter.name) is merged") }
    let values = backbone[place].values
    try withExtendedLifetime(values) { try body(values.vector) }
  }

  /// Rounds the encoder to what a file of another type would hold.
  package func round(to precision: StoredPrecision) {
    guard precision != .float32, precision != .float64 else { return }
    for (_, values) in backbone {
      let stored = Buffer<Double>(count: (values.count * precision.bytesPerElement + 7) / 8)
      let bytes = UnsafeMutableRawBufferPointer(
        start: stored.vector.base, count: values.count * precision.bytesPerElement)
      precision.encode(values.vector, into: bytes)
      precision.decode(UnsafeRawBufferPointer(bytes), into: values.vector)
      withExtendedLifetime((stored, values)) {}
    }
  }

  /// The merged model of one task.
  package func encoder(task: Int) throws -> Encoder<Float> {
    let model = models[task]
    let owners: [AnyObject] = backbone.map(\.values) + Array(heads[task].values)
    return Encoder(
      weights: EncoderWeights(
        family: model.family, configuration: model.configuration, owners: owners
      ) { parameter -> Vector<Float> in
        if let place = places[parameter.name] { return backbone[place].values.vector }
        guard let head = heads[task][parameter.name] else { fatalError("no weights for \(parameter.name)") }
        return head.vector
      })
  }
}
