extension UnsafeRawBufferPointer {
  /// The little-endian integer that begins at byte `offset`; nil where it does not lie within these bytes.
  func littleEndian<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int) -> Word? {
    guard offset >= 0, offset <= count - MemoryLayout<Word>.size else { return nil }
    return Word(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }

  /// The little-endian integer that begins at byte `offset` as a number of bytes; nil where it does not lie within
  /// these bytes, or no file has so many.
  func size<Word: UnsignedInteger & FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int) -> Int? {
    littleEndian(type, at: offset).flatMap { Int(exactly: $0) }
  }
}
