import Diagnostics
import SystemPackage

/// Why a file is not a valid safetensors file: one case for each rule of the format.
package enum SafetensorsError: DiagnosedError, Equatable {
  case unreadable(FileAccessError)
  /// The file is too short for the eight bytes of the header's length.
  case noHeaderLength(FilePath, fileBytes: Int)
  case headerTooLong(FilePath, headerBytes: UInt64, limit: Int)
  /// The header's length reaches beyond the end of the file.
  case headerTruncated(FilePath, headerBytes: Int, fileBytes: Int)
  case headerNotUTF8(FilePath, offset: Int)
  case headerNotJSON(FilePath, JSONError)
  case headerNotObject(FilePath)
  case duplicateKey(FilePath, key: String)
  case metadataNotObject(FilePath)
  case metadataValueNotString(FilePath, key: String)
  /// A tensor's entry is no object, or lacks a field, or a field has the wrong form.
  case malformedEntry(FilePath, tensor: String, field: String)
  case unknownType(FilePath, tensor: String, type: String)
  /// The number of elements or of bytes does not fit 64 bits.
  case shapeOverflow(FilePath, tensor: String, shape: [Int])
  /// Elements smaller than a byte do not fill whole bytes.
  case partialByte(FilePath, tensor: String, bits: Int)
  case invertedOffsets(FilePath, tensor: String, begin: Int, end: Int)
  case lengthMismatch(FilePath, tensor: String, shapeBytes: Int, offsetBytes: Int)
  /// Bytes between two tensors, or before the first, belong to none.
  case hole(FilePath, tensor: String, begin: Int, previousEnd: Int)
  case overlap(FilePath, tensor: String, begin: Int, previousEnd: Int)
  /// The data end before the last tensor does.
  case dataTruncated(FilePath, tensor: String, end: Int, dataBytes: Int)
  /// The file goes on after the last tensor.
  case trailingBytes(FilePath, end: Int, dataBytes: Int)

  private var file: FilePath {
    switch self {
    case .unreadable(let error): error.path
    case .noHeaderLength(let file, _), .headerTooLong(let file, _, _), .headerTruncated(let file, _, _),
      .headerNotUTF8(let file, _), .headerNotJSON(let file, _), .headerNotObject(let file),
      .duplicateKey(let file, _), .metadataNotObject(let file), .metadataValueNotString(let file, _),
      .malformedEntry(let file, _, _), .unknownType(let file, _, _), .shapeOverflow(let file, _, _),
      .partialByte(let file, _, _), .invertedOffsets(let file, _, _, _), .lengthMismatch(let file, _, _, _),
      .hole(let file, _, _, _), .overlap(let file, _, _, _), .dataTruncated(let file, _, _, _),
      .trailingBytes(let file, _, _):
      file
    }
  }

  private var tensor: String? {
    switch self {
    case .malformedEntry(_, let tensor, _), .unknownType(_, let tensor, _), .shapeOverflow(_, let tensor, _),
      .partialByte(_, let tensor, _), .invertedOffsets(_, let tensor, _, _), .lengthMismatch(_, let tensor, _, _),
      .hole(_, let tensor, _, _), .overlap(_, let tensor, _, _), .dataTruncated(_, let tensor, _, _):
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
    case .noHeaderLength(_, let bytes): "the file has \(bytes) bytes, too few for the length of a safetensors header"
    case .headerTooLong(_, let bytes, let limit): "the header claims \(bytes) bytes; the format allows \(limit)"
    case .headerTruncated(_, let header, let bytes):
      "the header claims \(header) bytes, but the whole file has \(bytes)"
    case .headerNotUTF8(_, let offset): "the header is not valid UTF-8 (at its byte \(offset))"
    case .headerNotJSON(_, let error): "the header is not valid JSON: \(error)"
    case .headerNotObject: "the header is JSON, but no object"
    case .duplicateKey(_, let key): "the header has the key \"\(key)\" twice in one object"
    case .metadataNotObject: "__metadata__ is no object"
    case .metadataValueNotString(_, let key): "the value of \"\(key)\" in __metadata__ is no string"
    case .malformedEntry(_, _, let field): "\(field) is missing or has the wrong form"
    case .unknownType(_, _, let type): "the element type \"\(type)\" is unknown"
    case .shapeOverflow(_, _, let shape): "the shape \(shape) has more bytes than 64 bits can count"
    case .partialByte(_, _, let bits): "the data have \(bits) bits, which are not whole bytes"
    case .invertedOffsets(_, _, let begin, let end): "the data end (\(end)) before they begin (\(begin))"
    case .lengthMismatch(_, _, let shapeBytes, let offsetBytes):
      "shape and element type need \(shapeBytes) bytes, but the offsets give \(offsetBytes)"
    case .hole(_, _, let begin, let end): "the data begin at \(begin), but the data before them end at \(end)"
    case .overlap(_, _, let begin, let end): "the data begin at \(begin), inside other data that end at \(end)"
    case .dataTruncated(_, _, let end, let bytes):
      "the data end at \(end), but the file has only \(bytes) bytes of data"
    case .trailingBytes(_, let end, let bytes):
      "the last tensor ends at \(end), but the file has \(bytes) bytes of data"
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable(let error): error.remedy
    case .noHeaderLength, .headerTooLong, .headerNotUTF8:
      "check that it is a safetensors file and not a pointer of Git LFS or a pickle; else fetch it again"
    case .headerTruncated, .dataTruncated: "the file is incomplete: fetch or copy it again"
    default: "the program that wrote it has a defect, or the file was damaged: fetch it again or save the model again"
    }
  }

  package var exitCode: FailureCode {
    if case .unreadable(let error) = self { return error.exitCode }
    return .badInput
  }
}
