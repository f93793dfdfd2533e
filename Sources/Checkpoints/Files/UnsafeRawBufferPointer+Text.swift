extension UnsafeRawBufferPointer {
  /// Where text begins in the bytes of a file: behind a byte order mark in UTF-8.
  package var textStart: Int { starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }
}
