import CKernels

/// A floating-point format in which files store numbers, little-endian and at any address.
///
/// Widening is exact. Narrowing rounds once, to nearest with ties to even; a magnitude that is too large becomes an
/// infinity and a NaN stays a NaN. The kernels give the same bits on every processor.
package enum StoredPrecision: Sendable, CaseIterable {
  case float64
  case float32
  case float16
  case bfloat16

  package var bytesPerElement: Int {
    switch self {
    case .float64: 8
    case .float32: 4
    case .float16, .bfloat16: 2
    }
  }

  /// Converts stored elements to `Float`, once rounded where they are doubles.
  ///
  /// - Parameter stored: `target.count` elements of this format.
  package func decode(_ stored: UnsafeRawBufferPointer, into target: Vector<Float>) {
    precondition(stored.count == target.count * bytesPerElement, "as many elements as the vector has")
    guard let source = stored.baseAddress else { return }
    switch self {
    case .float64: ck_f64_to_f32(source, target.base, target.count)
    case .float32: UnsafeMutableRawPointer(target.base).copyMemory(from: source, byteCount: stored.count)
    case .float16: ck_f16_to_f32(source, target.base, target.count)
    case .bfloat16: ck_bf16_to_f32(source, target.base, target.count)
    }
  }

  /// Converts stored elements to `Double`, exactly.
  ///
  /// - Parameter stored: `target.count` elements of this format.
  package func decode(_ stored: UnsafeRawBufferPointer, into target: Vector<Double>) {
    precondition(stored.count == target.count * bytesPerElement, "as many elements as the vector has")
    guard let source = stored.baseAddress else { return }
    switch self {
    case .float64: UnsafeMutableRawPointer(target.base).copyMemory(from: source, byteCount: stored.count)
    case .float32: ck_f32_to_f64(source, target.base, target.count)
    case .float16: ck_f16_to_f64(source, target.base, target.count)
    case .bfloat16: ck_bf16_to_f64(source, target.base, target.count)
    }
  }

  /// Converts `values` to this format.
  ///
  /// - Parameter stored: room for `values.count` elements of this format, aligned to 8 bytes.
  package func encode(_ values: Vector<Float>, into stored: UnsafeMutableRawBufferPointer) {
    precondition(stored.count == values.count * bytesPerElement, "room for all elements")
    guard let target = stored.baseAddress else { return }
    switch self {
    case .float64:
      ck_f32_to_f64(values.base, target.assumingMemoryBound(to: Double.self), values.count)
    case .float32: target.copyMemory(from: values.base, byteCount: stored.count)
    case .float16: ck_f32_to_f16(values.base, target, values.count)
    case .bfloat16: ck_f32_to_bf16(values.base, target, values.count)
    }
  }

  /// Converts `values` to this format.
  ///
  /// - Parameter stored: room for `values.count` elements of this format.
  package func encode(_ values: Vector<Double>, into stored: UnsafeMutableRawBufferPointer) {
    precondition(stored.count == values.count * bytesPerElement, "room for all elements")
    guard let target = stored.baseAddress else { return }
    switch self {
    case .float64: target.copyMemory(from: values.base, byteCount: stored.count)
    case .float32: ck_f64_to_f32(values.base, target, values.count)
    case .float16: ck_f64_to_f16(values.base, target, values.count)
    case .bfloat16: ck_f64_to_bf16(values.base, target, values.count)
    }
  }

  /// The index of the first stored element that is NaN or infinite, nil where all are finite.
  package func firstNonFinite(_ stored: UnsafeRawBufferPointer) -> Int? {
    precondition(stored.count % bytesPerElement == 0, "whole elements")
    guard let source = stored.baseAddress else { return nil }
    let count = stored.count / bytesPerElement
    let index =
      switch self {
      case .float64: ck_first_non_finite_64(source, count)
      case .float32: ck_first_non_finite_32(source, count)
      case .float16: ck_first_non_finite_16(source, count, 0x7C00)
      case .bfloat16: ck_first_non_finite_16(source, count, 0x7F80)
      }
    return index < 0 ? nil : index
  }
}
