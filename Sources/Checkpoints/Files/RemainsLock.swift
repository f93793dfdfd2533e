import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Tells that an incomplete output is being written: held as long as this object lives, and taken back by the system
/// from a process that was killed. Its remains can then be told from another run's work.
final class RemainsLock {
  private let descriptor: FileDescriptor

  /// Nil where another process holds it, and where the file system has no such locks.
  init?(_ path: FilePath) {
    guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
      return nil
    }
    guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      try? descriptor.close()
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { try? descriptor.close() }

  /// Removes what runs that were killed have left of an output: whatever nobody holds a lock of.
  static func removeRemains(of destination: FilePath) {
    for name in (try? FileSystem.names(in: destination.parent)) ?? [] where name.hasPrefix(destination.partialPrefix) {
      let path = destination.parent.appending(name)
      guard let lock = RemainsLock(path) else { continue }
      try? FileSystem.remove(path)
      withExtendedLifetime(lock) {}
    }
  }
}
