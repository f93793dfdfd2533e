/// Why a file is not a zip archive of the kind that `torch.save` writes: one case for each rule.
package enum ZipDefect: Error, Equatable {
  /// The file does not end as an archive does.
  case noEnd
  /// The end of the archive, its directory and the file's length contradict each other.
  case directoryLength
  case directoryTooLong(Int)
  case nameNotUTF8
  case encrypted(String)
  case compressed(String, method: Int)
  /// The lengths of an entry contradict each other, or do not fit a file.
  case badSizes(String)
  /// An entry's own header is not where the directory says, or says otherwise.
  case badHeader(String)
  /// The data reach beyond the start of the directory.
  case outside(String, bytes: Int)
  case overlap(String, String)
  case duplicate(String)

  var problem: String {
    switch self {
    case .noEnd: "the file does not end as a zip archive does"
    case .directoryLength: "the directory of the zip archive and the length of the file do not agree"
    case .directoryTooLong(let bytes):
      "the directory of the zip archive has \(bytes) bytes; \(ZipArchive.maximumDirectoryBytes) are read"
    case .nameNotUTF8: "a name in the directory of the zip archive is not valid UTF-8"
    case .encrypted(let name): "the entry \(name) of the zip archive is encrypted"
    case .compressed(let name, let method):
      "the entry \(name) of the zip archive is compressed (method \(method)); torch.save stores entries as they are"
    case .badSizes(let name): "the lengths of the entry \(name) of the zip archive contradict each other"
    case .badHeader(let name): "the header of the entry \(name) is not what the directory of the zip archive says"
    case .outside(let name, let bytes):
      "the entry \(name) of \(bytes) bytes reaches beyond the data of the zip archive"
    case .overlap(let first, let second): "the entries \(first) and \(second) of the zip archive overlap"
    case .duplicate(let name): "the zip archive has the entry \(name) twice"
    }
  }

  var remedy: String {
    switch self {
    case .noEnd, .directoryLength, .outside: "the file is incomplete or damaged: fetch or copy it again"
    case .compressed, .encrypted:
      "unpack it and save it again in Python: torch.save(torch.load(file, weights_only=True), file)"
    default: "the program that wrote it has a defect, or the file was damaged: fetch it again or save the model again"
    }
  }
}
