import Checkpoints
import Encoders
import LinearAlgebra
import Parameters

/// Entries of a stored tensor in single precision: where they are mapped, or converted into one buffer that serves all.
/// Keep it while its views are used; a view may be gone with the next.
package final class SourceEntries {
  private let tensor: StoredTensor
  private let mapped: Vector<Float>?
  private var buffer: Buffer<Float>?

  package init(_ tensor: StoredTensor) {
    self.tensor = tensor
    mapped = tensor.vector
  }

  package convenience init(_ parameter: Parameter, in model: StoredModel) { self.init(model.tensor(parameter)) }

  package func view(_ range: Range<Int>) throws -> Vector<Float> {
    if let mapped { return mapped[range] }
    let copy = buffer.flatMap { $0.count >= range.count ? $0 : nil } ?? Buffer<Float>(count: range.count)
    buffer = copy
    let view = copy.vector[0..<range.count]
    try tensor.copy(elements: range, into: view)
    return view
  }
}
