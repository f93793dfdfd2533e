import Crypto

extension MappedFile {
  /// The SHA-256 of the file's bytes (FIPS 180-4) as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
  package var sha256: String {
    var hash = SHA256()
    var start = 0
    while start < bytes.count {
      let end = min(start + (1 << 22), bytes.count)
      hash.update(bufferPointer: self[start..<end])
      start = end
    }
    return hash.finalize().hexadecimal
  }
}

extension SHA256.Digest {
  /// Two lower-case hexadecimal digits for every byte.
  package var hexadecimal: String {
    var digits: [UInt8] = []
    for byte in self {
      for nibble in [byte >> 4, byte & 15] {
        digits.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
      }
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
