import Checkpoints
import Diagnostics
import SystemPackage

/// Why a file could not be read, in words for a message.
struct FileReadError: Error {
  let reason: String
  let isMissing: Bool
}

/// The file at `path`, mapped. Refuses what is no file, such as a pipe, which would be waited for, or a device.
func mappedFile(_ path: FilePath) throws(FileReadError) -> MappedFile {
  do throws(FileAccessError) {
    return try MappedFile(path: path)
  } catch {
    switch error {
    case .cannotOpen(_, .permissionDenied): throw FileReadError(reason: "permission denied", isMissing: false)
    case .missing: throw FileReadError(reason: error.problem, isMissing: true)
    default: throw FileReadError(reason: error.problem, isMissing: false)
    }
  }
}

/// `bytes` without a byte order mark in UTF-8 at their start: the offset of the first byte that counts.
func startAfterByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }
