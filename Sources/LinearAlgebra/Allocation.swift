#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Zeroed memory straight from the system: aligned to a page, and pages that are never touched cost nothing.
func allocateZeroed(bytes: Int) -> UnsafeMutableRawPointer {
  let memory = mmap(nil, max(1, bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let memory, memory != MAP_FAILED else {
    fatalError("out of memory: \(bytes) bytes could not be allocated; use fewer ranks on this host")
  }
  return memory
}

/// Gives back what ``allocateZeroed(bytes:)`` gave.
func free(_ memory: UnsafeMutableRawPointer, bytes: Int) { munmap(memory, max(1, bytes)) }

/// Sets memory to zero.
func setZero(_ memory: UnsafeMutableRawPointer, bytes: Int) { memset(memory, 0, bytes) }
