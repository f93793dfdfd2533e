import Foundation
import SystemPackage

/// A new directory that is removed with the last reference to it.
package final class Scratch: Sendable {
  package let path: FilePath

  package init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("fishermerge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    // Links in the path of the temporary directory would make messages name another path than the tests expect.
    path = FilePath(url.resolvingSymlinksInPath().path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  /// Writes a file, and the directories above it, and gives its path.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> FilePath { try write(name, bytes: Data(text.utf8)) }

  @discardableResult
  package func write(_ name: String, bytes: Data) throws -> FilePath {
    let file = path.pushing(FilePath(name))
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    try bytes.write(to: URL(fileURLWithPath: file.string))
    return file
  }

  /// Every file below a directory by its path relative to it, with its bytes.
  package func files(below name: String) throws -> [String: Data] {
    let root = path.pushing(FilePath(name))
    var files: [String: Data] = [:]
    for file in try FileManager.default.subpathsOfDirectory(atPath: root.string) {
      var isDirectory: ObjCBool = false
      let full = root.pushing(FilePath(file)).string
      guard FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory), !isDirectory.boolValue else {
        continue
      }
      files[file] = try Data(contentsOf: URL(fileURLWithPath: full))
    }
    return files
  }

  /// The names in a directory, hidden ones too.
  package func names(in name: String = ".") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path.pushing(FilePath(name)).string).sorted()
  }
}
