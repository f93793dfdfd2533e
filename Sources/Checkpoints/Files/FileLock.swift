import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A lock on a file, held as long as this object lives; the system takes it back from a process that was killed.
package final class FileLock {
  private let descriptor: FileDescriptor

  /// Creates the file where it is missing, and takes its lock; nil where another process holds it.
  ///
  /// - Throws: ``OutputError/cannotCreate(_:_:)``. A file system without locks counts as one where nobody holds any.
  package init?(_ path: FilePath) throws(OutputError) {
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec], permissions: FilePermissions(rawValue: 0o666))
    } catch {
      throw .cannotCreate(path, error as? Errno ?? .ioError)
    }
    if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0, Errno(rawValue: errno) == .wouldBlock {
      try? descriptor.close()
      return nil
    }
  }

  deinit { try? descriptor.close() }
}
