extension MappedFile {
  /// The SHA-256 of the file's bytes (FIPS 180-4) as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
  package var sha256: String { sha256(of: 0..<bytes.count) }

  /// The SHA-256 of the bytes in `range`.
  package func sha256(of range: Range<Int>) -> String {
    var hash = SHA256()
    hash.update(bufferPointer: self[range])
    return hash.finalize().hexadecimal
  }
}

extension Sequence where Element == UInt8 {
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

/// The SHA-256 of a text's UTF-8 as 64 lower-case hexadecimal digits.
package func hexadecimalHash(of text: String) -> String { SHA256.hash(data: Array(text.utf8)).hexadecimal }
