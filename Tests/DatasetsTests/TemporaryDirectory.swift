import Foundation
import SystemPackage

/// Runs `body` with a new directory and removes it afterwards.
func withTemporaryDirectory<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("datasets-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: path, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: path) }
  return try body(FilePath(path.path))
}

extension FilePath {
  /// Writes `text` to the file `name` in this directory and returns its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> FilePath { try write(Array(text.utf8), to: name) }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> FilePath {
    let path = appending(name)
    try Data(bytes).write(to: URL(fileURLWithPath: path.string))
    return path
  }
}
