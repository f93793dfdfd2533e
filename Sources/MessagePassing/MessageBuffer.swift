import Diagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory for messages that are under way: a ``Request`` keeps it alive until MPI is done with it.
package final class MessageBuffer<Scalar: MessageScalar> {
  /// The elements. Not to be read while they are received or reduced, nor written while a request uses them at all.
  package let elements: UnsafeMutableBufferPointer<Scalar>

  /// Room for `count` elements, of undefined value.
  package init(count: Int) { elements = Self.allocate(count) }

  /// A copy of `values`.
  package init(_ values: [Scalar]) {
    elements = Self.allocate(values.count)
    _ = elements.initialize(from: values)
  }

  deinit { free(elements.baseAddress) }

  private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Scalar> {
    let bytes = count * MemoryLayout<Scalar>.stride
    guard let memory = malloc(max(1, bytes)) else { OutOfMemory(bytes: bytes, for: "a message").end() }
    return UnsafeMutableBufferPointer(start: memory.bindMemory(to: Scalar.self, capacity: count), count: count)
  }

  package var count: Int { elements.count }
  /// A copy of the elements.
  package var array: [Scalar] { Array(elements) }
}
