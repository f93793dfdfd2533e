import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Size and time of the last change of a file: equal where two hosts see one file under a path, and hardly ever equal
/// where they see two.
package struct FileStamp: Hashable, Sendable, Codable {
  package let bytes: Int
  /// Since 1970.
  package let seconds: Int
  package let nanoseconds: Int

  package init(bytes: Int, seconds: Int, nanoseconds: Int) {
    (self.bytes, self.seconds, self.nanoseconds) = (bytes, seconds, nanoseconds)
  }

  /// Nil where there is nothing at `path`, or it cannot be seen. Links are followed.
  package init?(_ path: FilePath) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
    bytes = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    (seconds, nanoseconds) = (Int(time.tv_sec), Int(time.tv_nsec))
  }
}
