/// What the end of a zip archive says of its directory.
struct ZipEnd {
  let directory: Range<Int>
  /// How many entries the directory has.
  let count: Int

  /// Reads the last 22 bytes, and where the archive has the extension for 64 bits what stands before them.
  init(_ bytes: UnsafeRawBufferPointer) throws(ZipDefect) {
    let end = bytes.count - 22
    // A comment would have to be searched for; torch writes none.
    guard bytes.littleEndian(UInt32.self, at: end) == 0x0605_4B50, bytes.size(UInt16.self, at: end + 20) == 0,
      let disks = bytes.littleEndian(UInt32.self, at: end + 4),
      let countHere = bytes.littleEndian(UInt16.self, at: end + 8),
      let count = bytes.littleEndian(UInt16.self, at: end + 10),
      let size = bytes.littleEndian(UInt32.self, at: end + 12),
      let start = bytes.littleEndian(UInt32.self, at: end + 16)
    else { throw .noEnd }
    guard count == countHere, disks == 0 else { throw .directoryLength }
    guard bytes.littleEndian(UInt32.self, at: end - 20) == 0x0706_4B50 else {
      let range = Int(start)..<Int(start) + Int(size)
      guard range.upperBound == end else { throw .directoryLength }
      (directory, self.count) = (range, Int(count))
      return
    }
    guard let place = bytes.size(UInt64.self, at: end - 12), place <= end - 20 - 56,
      bytes.littleEndian(UInt32.self, at: place) == 0x0606_4B50,
      bytes.littleEndian(UInt64.self, at: place + 16) == 0,
      let wideCountHere = bytes.size(UInt64.self, at: place + 24),
      let wideCount = bytes.size(UInt64.self, at: place + 32),
      let wideSize = bytes.size(UInt64.self, at: place + 40), let wideStart = bytes.size(UInt64.self, at: place + 48),
      wideStart <= place, wideSize == place - wideStart, wideCount == wideCountHere
    else { throw .directoryLength }
    // The short values are the same or say that they are too short.
    guard count == .max || Int(count) == wideCount, size == .max || Int(size) == wideSize,
      start == .max || Int(start) == wideStart
    else { throw .directoryLength }
    (directory, self.count) = (wideStart..<place, wideCount)
  }
}
