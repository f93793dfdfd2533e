import SystemPackage

/// A directory that appears under its name complete or not at all.
///
/// Files are written into a hidden sibling on the same file system; ``commit()`` makes everything durable and renames
/// it once. Without a commit the sibling is removed with this object. After a kill it stays behind as
/// `.NAME.partial-…`, until the next output of that name is begun: a lock tells that nobody is writing it any more.
package final class AtomicDirectory {
  /// The name under which the directory appears.
  package let destination: FilePath
  /// Where files are to be written until then.
  package let temporary: FilePath
  private let lock: RemainsLock?
  private var isCommitted = false

  /// Checks without creating anything that `destination` can become an output: it must end in a name and not exist,
  /// and its parent must be a directory in which this user may write.
  package static func check(_ destination: FilePath) throws(OutputError) {
    try destination.requireName()
    try destination.requireRoom()
    // Also a link that leads nowhere is in the way of the rename.
    guard FileSystem.kind(destination, followingLinks: false) == nil else { throw .exists(destination) }
    let parent = destination.parent
    guard FileSystem.kind(parent) == .directory else { throw .noParent(destination) }
    do throws(Errno) { try FileSystem.requireWritable(parent) } catch { throw .cannotCreate(destination, error) }
  }

  package init(_ destination: FilePath) throws(OutputError) {
    try Self.check(destination)
    self.destination = destination
    self.temporary = destination.partialSibling
    RemainsLock.removeRemains(of: destination)
    do throws(Errno) { try FileSystem.makeDirectory(temporary) } catch { throw .cannotCreate(temporary, error) }
    lock = RemainsLock(temporary)
  }

  deinit { if !isCommitted { try? FileSystem.remove(temporary) } }

  /// Creates a directory in the output, such as one of several models, and gives its temporary path.
  package func makeDirectory(_ name: String) throws(OutputError) -> FilePath {
    let path = temporary.appending(name)
    do throws(Errno) { try FileSystem.makeDirectory(path) } catch { throw .cannotCreate(path, error) }
    return path
  }

  /// Makes all files and directories durable, renames the directory to its destination and makes that durable.
  ///
  /// A directory that somebody else made meanwhile under that name is an error; nothing of it is touched, since a
  /// rename replaces at most an empty directory.
  package func commit() throws(OutputError) {
    precondition(!isCommitted, "a directory is committed once")
    do throws(Errno) {
      try FileSystem.walk(temporary) { path, kind throws(Errno) in
        if kind == .file || kind == .directory { try FileSystem.synchronize(path) }
      }
      try FileSystem.synchronize(temporary)
    } catch {
      throw .cannotWrite(temporary, error)
    }
    guard FileSystem.kind(destination, followingLinks: false) == nil else { throw .exists(destination) }
    do throws(Errno) {
      try FileSystem.rename(temporary, to: destination)
    } catch {
      if [.directoryNotEmpty, .fileExists, .notDirectory].contains(error) { throw .exists(destination) }
      throw .cannotRename(temporary, to: destination, error)
    }
    isCommitted = true
    do throws(Errno) { try FileSystem.synchronize(destination.parent) } catch {
      throw .cannotWrite(destination, error)
    }
  }
}

/// A file that appears under its name complete or not at all. See ``AtomicDirectory``.
package final class AtomicFile {
  package let destination: FilePath
  /// Where the content goes; its path is temporary.
  package let output: OutputFile
  private let replacing: Bool
  private let lock: RemainsLock?
  private var isCommitted = false

  /// - Parameter replacing: whether the commit replaces a file that exists, in one step; else that is an error, here
  ///   already.
  package init(_ destination: FilePath, replacing: Bool = false) throws(OutputError) {
    try destination.requireName()
    try destination.requireRoom()
    self.destination = destination
    self.replacing = replacing
    let occupant = FileSystem.kind(destination, followingLinks: false)
    // A rename would put a file in the place of a device.
    let isReplaceable = replacing && (occupant == .file || occupant == .link)
    guard occupant == nil || isReplaceable else { throw .exists(destination) }
    guard FileSystem.kind(destination.parent) == .directory else { throw .noParent(destination) }
    RemainsLock.removeRemains(of: destination)
    self.output = try OutputFile(path: destination.partialSibling)
    lock = RemainsLock(output.path)
  }

  deinit { if !isCommitted { try? FileSystem.removeFile(output.path) } }

  /// Makes the content durable, gives the file its name and makes that durable.
  package func commit() throws(OutputError) {
    precondition(!isCommitted, "a file is committed once")
    try output.close(synchronizing: true)
    do throws(Errno) {
      if replacing {
        try FileSystem.rename(output.path, to: destination)
      } else {
        try renameWithoutReplacing()
      }
    } catch {
      if error == .fileExists { throw .exists(destination) }
      throw .cannotRename(output.path, to: destination, error)
    }
    isCommitted = true
    do throws(Errno) { try FileSystem.synchronize(destination.parent) } catch {
      throw .cannotWrite(destination, error)
    }
  }

  /// A second name fails where the name is taken, in one step, which a rename does not.
  private func renameWithoutReplacing() throws(Errno) {
    do throws(Errno) {
      try FileSystem.link(output.path, as: destination)
      try? FileSystem.removeFile(output.path)
    } catch {
      // A file system without hard links: the check and the rename are two steps there.
      guard error != .fileExists else { throw error }
      guard FileSystem.kind(destination, followingLinks: false) == nil else { throw .fileExists }
      try FileSystem.rename(output.path, to: destination)
    }
  }
}

extension FilePath {
  /// The directory that holds this path, `.` for a bare name.
  var parent: FilePath {
    let parent = removingLastComponent()
    return parent.isEmpty ? "." : parent
  }

  /// Throws where the path does not end in a name, as an empty one: nothing can be renamed to that, and the current
  /// directory would count as its parent.
  fileprivate func requireName() throws(OutputError) {
    guard lastComponent?.kind == .regular else { throw .noName(self) }
  }

  /// Throws where the name leaves no room for what marks a file that is not complete.
  fileprivate func requireRoom() throws(OutputError) {
    // 64 random bits are at most 13 letters.
    guard partialPrefix.utf8.count + 13 <= 255 else { throw .cannotCreate(self, .fileNameTooLong) }
  }

  var partialPrefix: String { ".\(lastComponent?.string ?? "output").partial-" }

  /// A hidden name beside this one that is in nobody's way.
  fileprivate var partialSibling: FilePath {
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    return parent.appending(partialPrefix + suffix)
  }
}
