import SystemPackage

/// A file that grows at its end, such as a log: each text is with the system when the call returns.
package final class AppendedFile {
  private let path: FilePath
  private let descriptor: FileDescriptor

  /// Opens the file, which is created where it is missing; what it holds stays.
  package init(path: FilePath) throws(OutputError) {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(
        path, .writeOnly, options: [.append, .create, .closeOnExec], permissions: FilePermissions(rawValue: 0o666))
    } catch {
      throw .cannotCreate(path, error as? Errno ?? .ioError)
    }
  }

  deinit { try? descriptor.close() }

  /// Adds the UTF-8 bytes of `text`.
  package func write(_ text: String) throws(OutputError) {
    do { _ = try descriptor.writeAll(Array(text.utf8)) } catch { throw .cannotWrite(path, error as? Errno ?? .ioError) }
  }
}
