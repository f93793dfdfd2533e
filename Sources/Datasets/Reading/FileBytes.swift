import Foundation
import SystemPackage

/// Why a file could not be read, in words for a message.
struct FileReadError: Error {
  let reason: String
  let isMissing: Bool
}

/// The whole content of the file at `path`.
func fileBytes(_ path: FilePath) throws(FileReadError) -> [UInt8] {
  do {
    return Array(try Data(contentsOf: URL(fileURLWithPath: path.string)))
  } catch let error as CocoaError {
    switch error.code {
    case .fileNoSuchFile, .fileReadNoSuchFile: throw FileReadError(reason: "there is no such file", isMissing: true)
    case .fileReadNoPermission: throw FileReadError(reason: "permission denied", isMissing: false)
    default:
      var isDirectory: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path.string, isDirectory: &isDirectory)
      throw FileReadError(
        reason: exists && isDirectory.boolValue ? "it is a directory" : error.localizedDescription, isMissing: false)
    }
  } catch {
    throw FileReadError(reason: "\(error)", isMissing: false)
  }
}

/// Whether there is anything at `path`.
func fileExists(_ path: FilePath) -> Bool { FileManager.default.fileExists(atPath: path.string) }

/// `bytes` without a byte order mark in UTF-8 at their start: the offset of the first byte that counts.
func startAfterByteOrderMark(_ bytes: [UInt8]) -> Int { bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }
