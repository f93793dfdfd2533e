import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The calls of the C library on paths that swift-system does not offer; each failure is thrown as its `Errno`.
enum SystemCalls {
  /// What a path leads to.
  enum Kind: Equatable {
    case file
    case directory
    case link
    case other
  }

  private static func check(_ result: Int32) throws(Errno) {
    guard result == 0 else { throw Errno(rawValue: errno) }
  }

  /// What `path` is, nil where there is nothing or it cannot be seen.
  static func kind(_ path: FilePath, followingLinks: Bool = true) -> Kind? {
    var status = stat()
    let result = path.withPlatformString { followingLinks ? stat($0, &status) : lstat($0, &status) }
    guard result == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    case S_IFLNK: return .link
    default: return .other
    }
  }

  /// The path without symbolic links, `.` and `..`; nil where there is nothing or it cannot be seen.
  static func realPath(_ path: FilePath) -> FilePath? {
    guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return FilePath(platformString: resolved)
  }

  static func makeDirectory(_ path: FilePath) throws(Errno) { try check(path.withPlatformString { mkdir($0, 0o777) }) }

  static func requireWritable(_ path: FilePath) throws(Errno) {
    try check(path.withPlatformString { access($0, W_OK | X_OK) })
  }

  static func rename(_ old: FilePath, to new: FilePath) throws(Errno) {
    try check(old.withPlatformString { old in new.withPlatformString { new in systemRename(old, new) } })
  }

  /// Gives the file a second name; fails with `.fileExists` where `new` exists.
  static func link(_ old: FilePath, as new: FilePath) throws(Errno) {
    try check(old.withPlatformString { old in new.withPlatformString { new in systemLink(old, new) } })
  }

  static func removeFile(_ path: FilePath) throws(Errno) { try check(path.withPlatformString { unlink($0) }) }

  /// Asks the system to begin with bringing these bytes of a file to the disk, where it can be asked.
  static func startWriteback(_ descriptor: FileDescriptor, _ range: Range<Int>) {
    // No promise is needed, so a system or a file system that cannot is no failure.
    _ = systemStartWriteback?(descriptor.rawValue, Int64(range.lowerBound), Int64(range.count), 2)
  }

  static func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
    while fsync(descriptor.rawValue) != 0 {
      let code = Errno(rawValue: errno)
      // Some file systems cannot synchronise directories and say so with EINVAL: there is nothing more to do then.
      if code == .invalidArgument { return }
      guard code == .interrupted else { throw code }
    }
  }

  /// Waits until the file or directory is on the disk.
  static func synchronize(_ path: FilePath) throws(Errno) {
    let descriptor = try open(path)
    defer { try? descriptor.close() }
    try synchronize(descriptor)
  }

  private static func open(_ path: FilePath) throws(Errno) -> FileDescriptor {
    do { return try FileDescriptor.open(path, .readOnly, options: .closeOnExec) } catch {
      throw error as? Errno ?? .ioError
    }
  }

  /// The names in a directory, sorted by their bytes, without `.` and `..`.
  static func names(in directory: FilePath) throws(Errno) -> [String] {
    guard let stream = directory.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Calls `visit` for everything below `directory`, contents before the directory that holds them, links not followed.
  static func walk(
    _ directory: FilePath, visit: (FilePath, Kind?) throws(Errno) -> Void
  ) throws(Errno) {
    for name in try names(in: directory) {
      let path = directory.appending(name)
      let kind = kind(path, followingLinks: false)
      if kind == .directory { try walk(path, visit: visit) }
      try visit(path, kind)
    }
  }

  /// Removes a directory and what it holds, as far as that is possible.
  static func removeTree(_ directory: FilePath) {
    try? walk(directory) { path, kind in
      if kind == .directory { _ = path.withPlatformString { rmdir($0) } } else { try? removeFile(path) }
    }
    _ = directory.withPlatformString { rmdir($0) }
  }
}

// The C functions under names that the members above do not hide.
private func systemRename(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 { rename(old, new) }
private func systemLink(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 { link(old, new) }

/// `sync_file_range` with `SYNC_FILE_RANGE_WRITE`, which is 2: Linux alone has it, and its headers hide it from Swift.
private let systemStartWriteback: (@convention(c) (Int32, Int64, Int64, UInt32) -> Int32)? =
  dlopen(nil, RTLD_NOW).flatMap { dlsym($0, "sync_file_range") }.map {
    unsafeBitCast($0, to: (@convention(c) (Int32, Int64, Int64, UInt32) -> Int32).self)
  }
