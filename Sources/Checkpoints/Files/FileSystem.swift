import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What the program asks of the file system by path: the one door to it, beside ``MappedFile``, ``OutputFile``,
/// ``AppendedFile``, ``FileLock`` and ``FileStamp`` for what is in a file.
///
/// Made of the calls of the C library that swift-system does not offer. A failure is thrown as its `Errno` where the
/// caller has words of its own for it.
package enum FileSystem {
  /// What a path leads to.
  package enum Kind: Equatable {
    case file
    case directory
    case link
    case other
  }

  private static func check(_ result: Int32) throws(Errno) {
    guard result == 0 else { throw Errno(rawValue: errno) }
  }

  /// What `path` is, nil where there is nothing or it cannot be seen.
  package static func kind(_ path: FilePath, followingLinks: Bool = true) -> Kind? {
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

  /// Whether there is something at `path` that can be seen. A link counts where what it leads to is there.
  package static func exists(_ path: FilePath) -> Bool { kind(path) != nil }

  /// The path without symbolic links, `.` and `..`; nil where there is nothing or it cannot be seen.
  static func realPath(_ path: FilePath) -> FilePath? {
    guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return FilePath(platformString: resolved)
  }

  /// Makes a directory in one that exists; fails with `.fileExists` where something has the name.
  package static func makeDirectory(_ path: FilePath) throws(Errno) {
    try check(path.withPlatformString { mkdir($0, 0o777) })
  }

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
  package static func names(in directory: FilePath) throws(Errno) -> [String] {
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

  /// Removes what is at `path`: a file, a link but not what it leads to, or a directory with all that it holds.
  ///
  /// - Throws: ``OutputError/cannotRemove(_:_:)`` for the first thing that stays. The others are removed all the same.
  package static func remove(_ path: FilePath) throws(OutputError) {
    guard kind(path, followingLinks: false) == .directory else {
      do throws(Errno) { return try removeFile(path) } catch { throw .cannotRemove(path, error) }
    }
    var failure: OutputError?
    do throws(Errno) {
      for name in try names(in: path) {
        do throws(OutputError) { try remove(path.appending(name)) } catch { failure = failure ?? error }
      }
    } catch {
      failure = .cannotRemove(path, error)
    }
    do throws(Errno) { try check(path.withPlatformString { rmdir($0) }) } catch {
      failure = failure ?? .cannotRemove(path, error)
    }
    if let failure { throw failure }
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
