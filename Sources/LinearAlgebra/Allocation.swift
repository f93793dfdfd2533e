import Diagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Zeroed memory straight from the system: aligned to a page, and pages that are never touched cost nothing. What the
/// system refuses ends the process; see ``OutOfMemory/end()``.
func allocateZeroed(bytes: Int) -> UnsafeMutableRawPointer {
  guard let memory = tryAllocatingZeroed(bytes: bytes) else { OutOfMemory(bytes: bytes, for: "a buffer").end() }
  return memory
}

private func tryAllocatingZeroed(bytes: Int) -> UnsafeMutableRawPointer? {
  let memory = mmap(nil, max(1, bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  return memory == MAP_FAILED ? nil : memory
}

/// Whether the system would give this process so many bytes more: limits of the process, and of the system where it
/// promises no more than it has. Nothing is touched, and nothing is kept.
package func canAllocate(bytes: Int) -> Bool {
  guard let memory = tryAllocatingZeroed(bytes: bytes) else { return false }
  free(memory, bytes: bytes)
  return true
}

/// Gives back what ``allocateZeroed(bytes:)`` gave.
func free(_ memory: UnsafeMutableRawPointer, bytes: Int) { munmap(memory, max(1, bytes)) }

/// Sets memory to zero.
func setZero(_ memory: UnsafeMutableRawPointer, bytes: Int) { memset(memory, 0, bytes) }
