/// The scratch memory of one rank: matrices are handed out by moving a mark, and all given back at once.
///
/// The first block finds out how much is needed (each request that does not fit gets a chunk of its own); from the next
/// ``reset()`` on there is one chunk that holds everything, so that nothing is allocated inside a block. The chunk has
/// a quarter more than was needed, since another block of as many tokens may need a little more; what is never touched
/// costs no memory. The content of handed-out memory is undefined.
package final class Arena {
  private var chunks: [(base: UnsafeMutableRawPointer, size: Int)] = []
  private var used = 0
  /// The bytes handed out and not taken back, and the most that they ever were since the last reset.
  private var requested = 0
  private var peak = 0

  package init() {}

  deinit { for chunk in chunks { free(chunk.base, bytes: chunk.size) } }

  /// The bytes that the arena holds.
  package var capacity: Int { chunks.reduce(0) { $0 + $1.size } }

  /// Takes everything back. All views handed out before are invalid from here on.
  package func reset() {
    if chunks.count > 1 || peak > capacity {
      for chunk in chunks { free(chunk.base, bytes: chunk.size) }
      let size = peak + peak / 4
      chunks = [(allocateZeroed(bytes: size), size)]
    }
    used = 0
    requested = 0
    peak = 0
  }

  /// A place in the arena to return to. See ``release(to:)``.
  package struct Mark {
    fileprivate let chunk: Int
    fileprivate let used: Int
    fileprivate let requested: Int
  }

  /// The current place.
  package var mark: Mark { Mark(chunk: chunks.count, used: used, requested: requested) }

  /// Takes back what was handed out since the mark was taken. Chunks that were needed since then go back to the system.
  package func release(to mark: Mark) {
    while chunks.count > mark.chunk {
      let chunk = chunks.removeLast()
      free(chunk.base, bytes: chunk.size)
    }
    used = mark.used
    requested = mark.requested
  }

  package func matrix<Scalar: BitwiseCopyable>(_ rows: Int, _ columns: Int, of type: Scalar.Type = Scalar.self)
    -> Matrix<Scalar>
  {
    vector(rows * columns, of: type).matrix(rows: rows, columns: columns)
  }

  package func vector<Scalar: BitwiseCopyable>(_ count: Int, of type: Scalar.Type = Scalar.self) -> Vector<Scalar> {
    let bytes = (count * MemoryLayout<Scalar>.stride + 63) & ~63
    if chunks.isEmpty || used + bytes > chunks[chunks.count - 1].size {
      let size = max(bytes, 1 << 20)
      chunks.append((allocateZeroed(bytes: size), size))
      used = 0
    }
    let base = chunks[chunks.count - 1].base + used
    used += bytes
    requested += bytes
    peak = max(peak, requested)
    return Vector(base: base.bindMemory(to: Scalar.self, capacity: count), count: count)
  }
}
