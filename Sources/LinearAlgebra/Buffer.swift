/// Memory that owns itself: `count` elements, zeroed, aligned to a page, freed with the object.
package final class Buffer<Element: BitwiseCopyable> {
  package let count: Int
  private let base: UnsafeMutablePointer<Element>

  package init(count: Int) {
    precondition(count >= 0, "a buffer needs a size")
    self.count = count
    base = allocateZeroed(bytes: count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: count)
  }

  deinit { free(base, bytes: count * MemoryLayout<Element>.stride) }

  /// The elements; valid as long as the buffer lives.
  package var vector: Vector<Element> { Vector(base: base, count: count) }
}

extension Buffer where Element: AdditiveArithmetic & BitwiseCopyable {
  /// Sets every element to zero.
  package func clear() { vector.clear() }
}
