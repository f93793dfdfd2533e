import Parameters
import Checkpoints
import LinearAlgebra

extension StoredModel {
  /// The weights to compute with in single precision: the mapped file itself where it holds F32, else converted copies.
  ///
  /// - Parameter replaced: what takes the place of the model's own, by the parameters' names.
  package func singlePrecisionWeights(
    replacing replaced: [String: Buffer<Float>] = [:]
  ) throws(TensorAccessError) -> EncoderWeights<Float> {
    var owners: [AnyObject] = files.files.flatMap(\.owners) + Array(replaced.values)
    var copies = replaced
    for parameter in parameters where tensor(parameter).vector == nil && replaced[parameter.name] == nil {
      let copy = Buffer<Float>(count: parameter.count)
      try tensor(parameter).copy(into: copy.vector)
      copies[parameter.name] = copy
      owners.append(copy)
    }
    return EncoderWeights(family: family, configuration: configuration, owners: owners) { parameter in
      guard let view = copies[parameter.name]?.vector ?? tensor(parameter).vector else {
        fatalError("\(parameter.name) was neither mapped nor converted")
      }
      return view
    }
  }

  /// The weights in double precision, all converted; for gradient checks.
  package func doublePrecisionWeights() throws(TensorAccessError) -> EncoderWeights<Double> {
    var copies: [String: Buffer<Double>] = [:]
    for parameter in parameters {
      let copy = Buffer<Double>(count: parameter.count)
      try tensor(parameter).copy(into: copy.vector)
      copies[parameter.name] = copy
    }
    return EncoderWeights(
      family: family, configuration: configuration, owners: Array(copies.values)
    ) { parameter in
      guard let copy = copies[parameter.name] else { fatalError("\(parameter.name) was not converted") }
      return copy.vector
    }
  }

  /// Throws for the first parameter with a NaN or an infinity. Reads all weights once.
  package func requireFinite() throws(TensorAccessError) { try files.requireFinite() }
}
