import SystemPackage
import Testing

@testable import Checkpoints

/// The files of `Tests/Reference/pickles`.
func committed(_ name: String) -> FilePath {
  var package = FilePath(#filePath)
  for _ in 0..<3 { package.removeLastComponent() }
  return package.appending("Reference").appending("pickles").pushing(FilePath(name))
}

/// The bytes of a zip archive, correct or not: the fields of the directory are what `edit` makes of them.
struct ZipFixture {
  struct Entry {
    var name: String
    var data: [UInt8]
    var flags: UInt16 = 0
    var method: UInt16 = 0
    var compressed: UInt32
    var size: UInt32
    /// Nil for where the header is.
    var header: UInt32?
    var extra: [UInt8] = []
    var ownName: String
    var ownMethod: UInt16 = 0
    var ownSignature: UInt32 = 0x0403_4B50

    init(_ name: String, _ data: [UInt8]) {
      (self.name, self.data, ownName) = (name, data, name)
      (compressed, size) = (UInt32(data.count), UInt32(data.count))
    }
  }

  var entries: [Entry]
  /// Added to the end's fields: disk, count here, count, size and start of the directory, length of the comment.
  var disk: UInt32 = 0
  var countHere: UInt16 = 0
  var count: UInt16 = 0
  var size: UInt32 = 0
  var start: UInt32 = 0
  var comment: UInt16 = 0
  /// Between the data and the directory, behind the directory, and behind the end.
  var gaps: ([UInt8], [UInt8], [UInt8]) = ([], [], [])
  /// What stands before the end, given the directory and how many bytes precede it.
  var wide: ((_ directory: Range<Int>, _ count: Int) -> [UInt8])?

  init(_ entries: [Entry]) { self.entries = entries }

  /// An archive like torch's with a pickle and storages of these bytes, `data/0` and so on.
  init(pickle: [UInt8], storages: [[UInt8]] = []) {
    entries =
      [Entry("a/data.pkl", pickle), Entry("a/byteorder", Array("little".utf8))]
      + storages.enumerated().map { Entry("a/data/\($0)", $1) } + [Entry("a/version", Array("3\n".utf8))]
  }

  var bytes: [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      let header = entry.header ?? UInt32(bytes.count)
      let (name, own) = (Array(entry.name.utf8), Array(entry.ownName.utf8))
      bytes += littleEndian(entry.ownSignature) + littleEndian(UInt16(0)) + littleEndian(entry.flags)
      bytes += littleEndian(entry.ownMethod) + Array(repeating: 0, count: 16)
      bytes += littleEndian(UInt16(own.count)) + [0, 0] + own + entry.data
      directory += littleEndian(UInt32(0x0201_4B50)) + [0, 0, 0, 0] + littleEndian(entry.flags)
      directory += littleEndian(entry.method) + Array(repeating: 0, count: 8)
      directory += littleEndian(entry.compressed) + littleEndian(entry.size)
      directory += littleEndian(UInt16(name.count)) + littleEndian(UInt16(entry.extra.count))
      directory += Array(repeating: 0, count: 10) + littleEndian(header) + name + entry.extra
    }
    bytes += gaps.0
    let place = bytes.count..<bytes.count + directory.count
    bytes += directory + gaps.1 + (wide?(place, entries.count) ?? [])
    let number = UInt16(entries.count)
    bytes += littleEndian(UInt32(0x0605_4B50)) + littleEndian(disk) + littleEndian(number &+ countHere)
    bytes += littleEndian(number &+ count) + littleEndian(UInt32(directory.count) &+ size)
    bytes += littleEndian(UInt32(place.lowerBound) &+ start) + littleEndian(comment)
    return bytes + gaps.2
  }
}

/// A pickle of a dictionary with one tensor of 32-bit floats.
struct TensorFixture {
  var name = "w"
  var storage = "FloatStorage"
  var key = "0"
  var count = 6
  var offset = 0
  var shape = [2, 3]
  var strides = [3, 1]

  static func text(_ text: String) -> [UInt8] { [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8) }
  static func number(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(value) }
  static func tuple(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(number) + [0x74] }
  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  static let ordered = global("collections", "OrderedDict") + Array(")R".utf8)

  var storageValue: [UInt8] {
    [0x28] + Self.text("storage") + Self.global("torch", storage) + Self.text(key) + Self.text("cpu")
      + Self.number(count) + Array("tQ".utf8)
  }

  /// The tensor alone, without the frame of a pickle.
  var tensor: [UInt8] {
    Self.global("torch._utils", "_rebuild_tensor_v2") + [0x28] + storageValue + Self.number(offset)
      + Self.tuple(shape) + Self.tuple(strides) + [0x89] + Self.ordered + Array("tR".utf8)
  }

  var pickle: [UInt8] { [0x80, 2, 0x7D] + Self.text(name) + tensor + Array("s.".utf8) }

  var archive: ZipFixture { ZipFixture(pickle: pickle, storages: [Array(repeating: 0, count: 24)]) }
}

/// Reads a file that is not on disk.
func read(_ bytes: [UInt8]) throws(PickleError) -> PickleFile {
  try PickleFile(MappedFile(path: "pytorch_model.bin", contents: bytes))
}
