/// The entries of a zip archive such as `torch.save` writes.
///
/// The format is that of PKWARE's APPNOTE with its extension for 64 bits. The directory at the end of the file decides;
/// of an entry's own header only its length and its name are used. Encrypted entries, several disks, a comment, names
/// that occur twice, and entries that overlap are refused: no two programs shall read different things in one file.
/// Compressed entries are for the caller to refuse.
struct ZipArchive {
  struct Entry {
    let name: String
    /// How the data are compressed; 0 for not at all.
    let method: Int
    /// Where the data lie, in bytes from the start of the file.
    let range: Range<Int>
  }

  /// In the order of their data.
  let entries: [Entry]
  /// From the first byte of the directory to the end of the file: names, sizes, checksums.
  let directory: Range<Int>

  /// The longest directory that is read, in bytes.
  static let maximumDirectoryBytes = 100_000_000

  /// Reads the directory and the entries' headers. No data are read.
  init(_ bytes: UnsafeRawBufferPointer) throws(ZipDefect) {
    let end = try ZipEnd(bytes)
    guard end.directory.count <= Self.maximumDirectoryBytes else { throw .directoryTooLong(end.directory.count) }
    var found: [(header: Int, entry: Entry)] = []
    var position = end.directory.lowerBound
    // The count is of the file's making: the directory's length bounds it.
    for _ in 0..<end.count {
      let (next, header, entry) = try Self.entry(bytes, at: position, end: end.directory)
      found.append((header, entry))
      position = next
    }
    guard position == end.directory.upperBound else { throw .directoryLength }
    found.sort { $0.header < $1.header }
    for (first, second) in zip(found, found.dropFirst()) where first.entry.range.upperBound > second.header {
      throw .overlap(first.entry.name, second.entry.name)
    }
    var names: Set<[UInt8]> = []
    for (_, entry) in found where !names.insert(Array(entry.name.utf8)).inserted { throw .duplicate(entry.name) }
    entries = found.map(\.entry)
    directory = end.directory.lowerBound..<bytes.count
  }

  /// The entry with the name `name`, compared by its bytes.
  subscript(name: String) -> Entry? { entries.first { $0.name.utf8.elementsEqual(name.utf8) } }

  /// Reads the part of the directory at `position` and the header that it leads to.
  private static func entry(
    _ bytes: UnsafeRawBufferPointer, at position: Int, end directory: Range<Int>
  ) throws(ZipDefect) -> (next: Int, header: Int, Entry) {
    let part = UnsafeRawBufferPointer(rebasing: bytes[position..<directory.upperBound])
    guard part.littleEndian(UInt32.self, at: 0) == 0x0201_4B50, let flags = part.littleEndian(UInt16.self, at: 8),
      let method = part.littleEndian(UInt16.self, at: 10), let nameLength = part.size(UInt16.self, at: 28),
      let extraLength = part.size(UInt16.self, at: 30), let commentLength = part.size(UInt16.self, at: 32),
      let disk = part.littleEndian(UInt16.self, at: 34), part.count >= 46 + nameLength + extraLength + commentLength
    else { throw .directoryLength }
    let nameBytes = part[46..<46 + nameLength]
    guard let name = String(validating: nameBytes, as: UTF8.self) else { throw .nameNotUTF8 }
    // Bits 0, 6 and 13: encrypted, strongly encrypted, hidden header.
    guard flags & 0x2041 == 0 else { throw .encrypted(name) }
    let extra = UnsafeRawBufferPointer(rebasing: part[46 + nameLength..<46 + nameLength + extraLength])
    guard let (compressed, size, header) = sizes(part, extra) else { throw .badSizes(name) }
    guard disk == 0 || disk == 0xFFFF, compressed == size || method != 0 else { throw .badSizes(name) }

    guard bytes.littleEndian(UInt32.self, at: header) == 0x0403_4B50,
      let ownMethod = bytes.littleEndian(UInt16.self, at: header + 8), ownMethod == method,
      let ownNameLength = bytes.size(UInt16.self, at: header + 26), ownNameLength == nameLength,
      let ownExtraLength = bytes.size(UInt16.self, at: header + 28),
      directory.lowerBound - header >= 30 + ownNameLength + ownExtraLength,
      bytes[header + 30..<header + 30 + ownNameLength].elementsEqual(nameBytes)
    else { throw .badHeader(name) }
    let start = header + 30 + ownNameLength + ownExtraLength
    guard compressed <= directory.lowerBound - start else { throw .outside(name, bytes: compressed) }
    let next = position + 46 + nameLength + extraLength + commentLength
    return (next, header, Entry(name: name, method: Int(method), range: start..<start + compressed))
  }

  /// An entry's lengths and the place of its header; what does not fit 32 bits is in the extra field with the number 1.
  private static func sizes(
    _ part: UnsafeRawBufferPointer, _ extra: UnsafeRawBufferPointer
  ) -> (compressed: Int, size: Int, header: Int)? {
    guard let compressed = part.littleEndian(UInt32.self, at: 20), let size = part.littleEndian(UInt32.self, at: 24),
      let header = part.littleEndian(UInt32.self, at: 42)
    else { return nil }
    var place = 0
    // Where the long values begin and end, if there are any.
    var wide = UnsafeRawBufferPointer(rebasing: extra[..<0])
    while let kind = extra.littleEndian(UInt16.self, at: place), let length = extra.size(UInt16.self, at: place + 2) {
      guard length <= extra.count - place - 4 else { return nil }
      if kind == 1 { wide = UnsafeRawBufferPointer(rebasing: extra[place + 4..<place + 4 + length]) }
      place += 4 + length
    }
    var taken = 0
    func value(_ word: UInt32) -> Int? {
      guard word == .max else { return Int(word) }
      defer { taken += 8 }
      return wide.size(UInt64.self, at: taken)
    }
    // In the order of the format.
    guard let size = value(size), let compressed = value(compressed), let header = value(header) else { return nil }
    return (compressed, size, header)
  }
}
