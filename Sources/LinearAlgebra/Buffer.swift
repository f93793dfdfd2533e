/// Memory with an owner: `count` elements, zeroed, aligned to a page, freed with the object. Or elements in memory that
/// belongs to somebody else, such as memory that processes share.
package final class Buffer<Element: BitwiseCopyable> {
  package let count: Int
  private let base: UnsafeMutablePointer<Element>
  /// Whose memory it is, where it is not this object's own.
  private let owner: AnyObject?

  package init(count: Int) {
    precondition(count >= 0, "a buffer needs a size")
    self.count = count
    base = allocateZeroed(bytes: count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: count)
    owner = nil
  }

  /// The first `count` elements of `memory`, as they are; `owner` keeps them valid, and this object keeps `owner`
  /// alive.
  ///
  /// - Parameters:
  ///   - memory: aligned for `Element`, and large enough.
  package init(count: Int, in memory: UnsafeMutableRawBufferPointer, owner: AnyObject) {
    precondition(
      count >= 0 && memory.count / MemoryLayout<Element>.stride >= count, "\(count) elements do not fit the memory")
    guard let start = memory.baseAddress else { preconditionFailure("a buffer needs memory") }
    precondition(Int(bitPattern: start) % MemoryLayout<Element>.alignment == 0, "elements need aligned memory")
    self.count = count
    self.owner = owner
    base = start.bindMemory(to: Element.self, capacity: count)
  }

  deinit { if owner == nil { free(base, bytes: count * MemoryLayout<Element>.stride) } }

  /// The elements; valid as long as the buffer lives.
  package var vector: Vector<Element> { Vector(base: base, count: count) }
}

extension Buffer where Element: AdditiveArithmetic & BitwiseCopyable {
  /// Sets every element to zero.
  package func clear() { vector.clear() }
}
