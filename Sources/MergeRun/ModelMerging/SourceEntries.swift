import Parameters
import Checkpoints
import Encoders
import LinearAlgebra

/// Entries of a source's parameter in single precision: where they are mapped, or converted into one buffer that serves all. Keep it
/// while its views are used; a view may be gone with the next.
final class SourceEntries {
  private let tensor: StoredTensor
  private let mapped: Vector<Float>?
  private var buffer: Buffer<Float>?

  init(_ parameter: Parameter, in model: StoredModel) {
    tensor = model.tensor(parameter)
    mapped = tensor.vector
  }

  func view(_ range: Range<Int>) throws -> Vector<Float> {
    if let mapped { return mapped[range] }
    let copy = buffer.flatMap { $0.count >= range.count ? $0 : nil } ?? Buffer<Float>(count: range.count)
    buffer = copy
    let view = copy.vector[0..<range.count]
    try tensor.copy(elements: range, into: view)
    return view
  }
}
