/// Scalars as UTF-8.
enum UTF8Text {
  static func count(of scalars: ArraySlice<UInt32>) -> Int { scalars.reduce(0) { $0 + count(of: $1) } }

  @inline(__always)
  static func count(of scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x1_0000 ? 3 : 4 }

  /// Calls `body` with each byte of `scalar`.
  @inline(__always)
  static func forEachByte(of scalar: UInt32, _ body: (UInt8) -> Void) {
    if scalar < 0x80 {
      body(UInt8(scalar))
    } else if scalar < 0x800 {
      body(UInt8(0xC0 | scalar >> 6))
      body(UInt8(0x80 | scalar & 0x3F))
    } else if scalar < 0x1_0000 {
      body(UInt8(0xE0 | scalar >> 12))
      body(UInt8(0x80 | scalar >> 6 & 0x3F))
      body(UInt8(0x80 | scalar & 0x3F))
    } else {
      body(UInt8(0xF0 | scalar >> 18 & 0x07))
      body(UInt8(0x80 | scalar >> 12 & 0x3F))
      body(UInt8(0x80 | scalar >> 6 & 0x3F))
      body(UInt8(0x80 | scalar & 0x3F))
    }
  }

  static func bytes(of scalars: ArraySlice<UInt32>) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in scalars { forEachByte(of: scalar) { bytes.append($0) } }
    return bytes
  }
}
