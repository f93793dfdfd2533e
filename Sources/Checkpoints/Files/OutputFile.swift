import SystemPackage

/// A file that is written from start to end, in few large writes.
package final class OutputFile {
  package let path: FilePath
  /// The bytes written so far, those in the buffer included.
  package private(set) var byteCount = 0

  private let descriptor: FileDescriptor
  private var buffer: [UInt8] = []
  private var isOpen = true
  /// The bytes that the system has, and those of them that it was asked to bring to the disk.
  private var writtenBytes = 0
  private var startedBytes = 0
  private static let bufferBytes = 1 << 20
  private static let writebackBytes = 1 << 23

  /// Creates the file.
  ///
  /// - Parameter replacing: whether a file that exists is overwritten; else it is an error.
  package init(path: FilePath, replacing: Bool = false) throws(OutputError) {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .closeOnExec, replacing ? .truncate : .exclusiveCreate],
        permissions: FilePermissions(rawValue: 0o666))
    } catch {
      switch error as? Errno ?? .ioError {
      case .fileExists: throw .exists(path)
      case .noSuchFileOrDirectory, .notDirectory: throw .noParent(path)
      case let code: throw .cannotCreate(path, code)
      }
    }
    buffer.reserveCapacity(Self.bufferBytes)
  }

  deinit { if isOpen { try? descriptor.close() } }

  /// Appends `bytes`.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
    byteCount += bytes.count
    if bytes.count + buffer.count > Self.bufferBytes { try flush() }
    if bytes.count >= Self.bufferBytes {
      try writeThrough(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  /// Appends the UTF-8 bytes of `text`.
  package func write(_ text: String) throws(OutputError) { try write(Array(text.utf8)) }

  package func write(_ bytes: [UInt8]) throws(OutputError) {
    let result: Result<Void, OutputError> = bytes.withUnsafeBytes { raw in
      do throws(OutputError) { return .success(try write(raw)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Hands everything to the system and closes the file.
  ///
  /// - Parameter synchronizing: whether to wait until the bytes are on the disk.
  package func close(synchronizing: Bool = false) throws(OutputError) {
    guard isOpen else { return }
    try flush()
    if synchronizing {
      do throws(Errno) { try FileSystem.synchronize(descriptor) } catch { throw .cannotWrite(path, error) }
    }
    isOpen = false
    // Network file systems report a full disk only here.
    do { try descriptor.close() } catch { throw .cannotWrite(path, error as? Errno ?? .ioError) }
  }

  private func flush() throws(OutputError) {
    guard !buffer.isEmpty else { return }
    let result: Result<Void, OutputError> = buffer.withUnsafeBytes { raw in
      do throws(OutputError) { return .success(try writeThrough(raw)) } catch { return .failure(error) }
    }
    try result.get()
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
    // In pieces, because a long write from a mapped file takes twice the time of short ones.
    for start in stride(from: 0, to: bytes.count, by: Self.bufferBytes) {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.bufferBytes, bytes.count)])
      // writeAll goes on after short writes and interruptions.
      do { _ = try descriptor.writeAll(piece) } catch { throw .cannotWrite(path, error as? Errno ?? .ioError) }
      writtenBytes += piece.count
    }
    // The disk works while the next bytes are computed, and the synchronisation at the end has less to wait for.
    guard writtenBytes - startedBytes >= Self.writebackBytes else { return }
    FileSystem.startWriteback(descriptor, startedBytes..<writtenBytes)
    startedBytes = writtenBytes
  }
}
