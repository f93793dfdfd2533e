import Diagnostics
import LinearAlgebra
import SystemPackage

/// A tensor in a mapped file, used where it lies or converted piece by piece.
///
/// Keeps the file mapped. The views that ``matrix``, ``vector`` and ``bytes`` give do not: keep the tensor, or the
/// ``ModelWeights`` that it came from, in the object that keeps the view, or use `withExtendedLifetime`.
package struct StoredTensor: Sendable {
  package let description: TensorDescription
  package let file: MappedFile

  package init(description: TensorDescription, file: MappedFile) {
    self.description = description
    self.file = file
  }

  /// The name as stored in the file.
  package var name: String { description.name }
  package var type: TensorType { description.type }
  package var shape: [Int] { description.shape }
  /// The number of elements.
  package var count: Int { description.count }
  /// The stored bytes, read-only.
  package var bytes: UnsafeRawBufferPointer { file[description.byteRange] }

  /// The rows of the tensor as a matrix: the product of all dimensions but the last, 1 for rank 0 and 1.
  package var rows: Int { shape.dropLast().reduce(1, *) }
  /// The last dimension, 1 for rank 0.
  package var columns: Int { shape.last ?? 1 }

  /// The elements where they are mapped, in `rows` × `columns`; nil unless they are F32 at an aligned address, in
  /// which case they are to be converted into own memory with ``copy(into:)-(Vector<Float>)``.
  ///
  /// Mapped read-only: writing through the view traps.
  package var matrix: Matrix<Float>? { vector?.matrix(rows: rows, columns: columns) }

  /// The elements where they are mapped, in one row; nil under the same conditions as ``matrix``.
  package var vector: Vector<Float>? {
    guard type == .float32 else { return nil }
    return file.vector(of: Float.self, in: description.byteRange)
  }

  /// The elements where they are mapped; nil unless they are I64 at an aligned address. See ``matrix``.
  package var integers: Vector<Int64>? {
    guard type == .int64 else { return nil }
    return file.vector(of: Int64.self, in: description.byteRange)
  }

  /// The elements where they are mapped; nil unless they are F64 at an aligned address. See ``matrix``.
  package var doubles: Vector<Double>? {
    guard type == .float64 else { return nil }
    return file.vector(of: Double.self, in: description.byteRange)
  }

  /// Writes all elements to `target` (as many elements), doubles rounded to nearest.
  package func copy(into target: Vector<Float>) throws(TensorAccessError) {
    try copy(elements: 0..<count, into: target)
  }

  /// Writes all elements to `target` (as many elements), exactly.
  package func copy(into target: Vector<Double>) throws(TensorAccessError) {
    try copy(elements: 0..<count, into: target)
  }

  /// Writes the elements in `range`, counted in row order, to `target` (as many elements), doubles rounded to nearest.
  package func copy(elements range: Range<Int>, into target: Vector<Float>) throws(TensorAccessError) {
    let (precision, part) = try stored(range)
    precision.decode(part, into: target)
  }

  /// Writes the elements in `range`, counted in row order, to `target` (as many elements), exactly.
  package func copy(elements range: Range<Int>, into target: Vector<Double>) throws(TensorAccessError) {
    let (precision, part) = try stored(range)
    precision.decode(part, into: target)
  }

  /// The index in row order of the first NaN or infinity; nil where all are finite, and for types without them.
  package func firstNonFinite() -> Int? { type.precision?.firstNonFinite(bytes) }

  /// Throws where an element is NaN or infinite.
  package func requireFinite() throws(TensorAccessError) {
    guard let index = firstNonFinite() else { return }
    throw .notFinite(file.path, tensor: name, index: Self.indices(of: index, in: shape))
  }

  /// The position in every dimension of an element that is counted in row order.
  static func indices(of element: Int, in shape: [Int]) -> [Int] {
    var rest = element
    return Array(
      shape.reversed().map { size in
        defer { rest /= size }
        return rest % size
      }.reversed())
  }

  private func stored(_ range: Range<Int>) throws(TensorAccessError) -> (StoredPrecision, UnsafeRawBufferPointer) {
    guard let precision = type.precision else { throw .notFloatingPoint(file.path, tensor: name, type: type) }
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "element range outside the tensor")
    let start = description.byteRange.lowerBound
    let size = precision.bytesPerElement
    return (precision, file[start + range.lowerBound * size..<start + range.upperBound * size])
  }
}

/// Why a tensor's elements cannot be used as weights.
package enum TensorAccessError: DiagnosedError, Equatable {
  case notFloatingPoint(FilePath, tensor: String, type: TensorType)
  case notFinite(FilePath, tensor: String, index: [Int])

  package var subject: String {
    switch self {
    case .notFloatingPoint(let file, let tensor, _), .notFinite(let file, let tensor, _): "\(file), tensor \(tensor)"
    }
  }

  package var problem: String {
    switch self {
    case .notFloatingPoint(_, _, let type): "the element type \(type.rawValue) cannot be used as weights"
    case .notFinite(_, _, let index): "the element at \(index) is NaN or infinite"
    }
  }

  package var remedy: String {
    switch self {
    case .notFloatingPoint: "save the model in float32, float16 or bfloat16; quantised models cannot be merged"
    case .notFinite: "the model diverged in training or was damaged: use another checkpoint"
    }
  }

  package var exitCode: FailureCode { .badInput }
}
