import Foundation

/// Tests that choose kernels of another level change the last bits of all that is computed meanwhile, and tests run
/// side by side in one process. Who compares bits keeps the levels, who chooses changes them.
package enum KernelLevels {
  private final class Lock: @unchecked Sendable {
    let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    init() { pthread_rwlock_init(lock, nil) }
  }

  private static let levels = Lock()

  /// Runs `body` while nobody changes the level.
  package static func keep<Value>(_ body: () throws -> Value) rethrows -> Value {
    pthread_rwlock_rdlock(levels.lock)
    defer { pthread_rwlock_unlock(levels.lock) }
    return try body()
  }

  /// Runs `body`, which changes the level and changes it back, while nobody compares bits.
  package static func change<Value>(_ body: () throws -> Value) rethrows -> Value {
    pthread_rwlock_wrlock(levels.lock)
    defer { pthread_rwlock_unlock(levels.lock) }
    return try body()
  }
}
