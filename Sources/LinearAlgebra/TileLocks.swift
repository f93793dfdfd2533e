import CShared

/// Locks for the tiles of sums that several processes add to, in memory that they share.
///
/// A lock is 4 bytes and free where they are zero. There may be fewer locks than tiles: those whose indices are equal
/// modulo ``count`` share one. Whoever waits spins and soon gives way to other processes, so a lock is for as long as
/// the addition of a tile takes. A process that is killed while it holds one leaves it taken for ever; under MPI that
/// ends the other ranks too.
///
/// A view: it does not keep its memory alive.
package struct TileLocks: @unchecked Sendable {
  private let base: UnsafeMutablePointer<Int32>
  /// The number of locks.
  package let count: Int

  /// As many locks as fit into `memory`, which is aligned to 4 bytes and was zero before anybody used the locks.
  package init(_ memory: UnsafeMutableRawBufferPointer) {
    count = memory.count / MemoryLayout<Int32>.stride
    guard let start = memory.baseAddress, count > 0 else { preconditionFailure("locks need memory") }
    precondition(Int(bitPattern: start) % MemoryLayout<Int32>.alignment == 0, "locks need aligned memory")
    base = start.bindMemory(to: Int32.self, capacity: count)
  }

  /// Runs `body` while no other process and no other call holds the lock of tile `index`, which must not be negative.
  ///
  /// What was written under the lock before is visible to `body`. Not to be nested: the tile within may share the lock.
  package func withLock<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result {
    let lock = base + index % count
    cshared_lock(lock)
    defer { cshared_unlock(lock) }
    return try body()
  }
}
