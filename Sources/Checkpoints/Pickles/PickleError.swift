import Diagnostics
import SystemPackage

/// Why the tensors of a pickle cannot be used: one case for each rule.
package enum PickleError: DiagnosedError, Equatable {
  case unreadable(FileAccessError)
  /// The file is something else.
  case format(FilePath, PickleFormat)
  case archive(FilePath, ZipDefect)
  /// The archive lacks an entry that every archive of torch has.
  case noEntry(FilePath, entry: String)
  case byteOrder(FilePath, found: String)
  case version(FilePath, found: String)
  case tooLong(FilePath, bytes: Int, limit: Int)
  /// The pickle breaks a rule at its byte `offset`.
  case pickle(FilePath, offset: Int, PickleDefect)
  case notDictionary(FilePath, found: String)
  /// The tensors are in a dictionary inside the dictionary.
  case wrapped(FilePath, key: String)
  case notText(FilePath, found: String)
  case notTensor(FilePath, key: String, found: String)
  case duplicate(FilePath, tensor: String)
  case noStorage(FilePath, tensor: String, entry: String)
  case storageLength(FilePath, tensor: String, expected: Int, found: Int)
  /// The number of elements or of bytes does not fit 64 bits.
  case overflow(FilePath, tensor: String, shape: [Int])
  case outsideStorage(FilePath, tensor: String, shape: [Int], strides: [Int], offset: Int, elements: Int)
  /// The same numbers stand for so many elements that the copies would be larger than the file.
  case repeated(FilePath, tensor: String, limit: Int)

  private var file: FilePath {
    switch self {
    case .unreadable(let error): error.path
    case .format(let file, _), .archive(let file, _), .noEntry(let file, _), .byteOrder(let file, _),
      .version(let file, _), .tooLong(let file, _, _), .pickle(let file, _, _), .notDictionary(let file, _),
      .wrapped(let file, _), .notText(let file, _), .notTensor(let file, _, _), .duplicate(let file, _),
      .noStorage(let file, _, _), .storageLength(let file, _, _, _), .overflow(let file, _, _),
      .outsideStorage(let file, _, _, _, _, _), .repeated(let file, _, _):
      file
    }
  }

  private var tensor: String? {
    switch self {
    case .duplicate(_, let tensor), .noStorage(_, let tensor, _), .storageLength(_, let tensor, _, _),
      .overflow(_, let tensor, _), .outsideStorage(_, let tensor, _, _, _, _), .repeated(_, let tensor, _):
      tensor
    default: nil
    }
  }

  package var subject: String {
    if case .unreadable(let error) = self { return error.subject }
    return tensor.map { "\(file), tensor \($0)" } ?? file.string
  }

  package var problem: String {
    switch self {
    case .unreadable(let error): error.problem
    case .format(_, let format): format.problem
    case .archive(_, let defect): defect.problem
    case .noEntry(_, let entry): "the zip archive has no entry \(entry), which torch.save always writes"
    case .byteOrder(_, let found): "the numbers are stored in the byte order \"\(found)\"; only \"little\" is read"
    case .version(_, let found): "the archive has the version \"\(found)\" of torch's format; 1 to 10 are read"
    case .tooLong(_, let bytes, let limit): "the pickle claims \(bytes) bytes beside the weights; \(limit) are read"
    case .pickle(_, let offset, let defect): "the pickle \(defect.problem) (at its byte \(offset))"
    case .notDictionary(_, let found): "the pickle holds \(found) and not a dictionary of tensors"
    case .wrapped(_, let key): "the tensors are not at the top, but in another dictionary under the key \"\(key)\""
    case .notText(_, let found): "the dictionary has \(found) for a name"
    case .notTensor(_, let key, let found): "\"\(key)\" is \(found) and not a tensor"
    case .duplicate: "the dictionary has this name twice"
    case .noStorage(_, _, let entry): "the zip archive has no entry \(entry) with its numbers"
    case .storageLength(_, _, let expected, let found):
      "its storage is to have \(expected) bytes, but the entry has \(found)"
    case .overflow(_, _, let shape): "the shape \(shape) has more bytes than 64 bits can count"
    case .outsideStorage(_, _, let shape, let strides, let offset, let elements):
      "the shape \(shape) with the strides \(strides) from \(offset) reaches beyond its storage of \(elements) elements"
    case .repeated(_, _, let limit):
      "its numbers stand for so many elements that copies of tensors would exceed the file's \(limit) bytes"
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable(let error): error.remedy
    case .format(_, let format): format.remedy
    case .archive(_, let defect): defect.remedy
    case .pickle(_, _, let defect): defect.remedy
    case .wrapped(_, let key):
      "unwrap it once in Python: torch.save(torch.load(file, weights_only=True)[\"\(key)\"], file)"
    case .notDictionary, .notText, .notTensor, .version, .byteOrder, .tooLong, .repeated:
      "load the model with transformers and call model.save_pretrained(directory), which writes model.safetensors"
    case .noEntry, .duplicate, .noStorage, .storageLength, .overflow, .outsideStorage:
      "the program that wrote it has a defect, or the file was damaged: fetch it again or save the model again"
    }
  }

  package var exitCode: FailureCode {
    if case .unreadable(let error) = self { return error.exitCode }
    return .badInput
  }
}
