/// Memory for messages that are under way: a ``Request`` keeps it alive until MPI is done with it.
package final class MessageBuffer<Scalar: MessageScalar> {
  /// The elements. Not to be read while they are received or reduced, nor written while a request uses them at all.
  package let elements: UnsafeMutableBufferPointer<Scalar>

  /// Room for `count` elements, of undefined value.
  package init(count: Int) { elements = .allocate(capacity: count) }

  /// A copy of `values`.
  package init(_ values: [Scalar]) {
    elements = .allocate(capacity: values.count)
    _ = elements.initialize(from: values)
  }

  deinit { elements.deallocate() }

  package var count: Int { elements.count }
  /// A copy of the elements.
  package var array: [Scalar] { Array(elements) }
}
