/// Reads the fields of a Protocol Buffers message one after the other, within its bounds.
struct ProtobufReader {
  enum Value {
    /// Wire type 0.
    case number(UInt64)
    /// Wire types 1 and 5: eight or four bytes, the upper ones zero.
    case fixed(UInt64)
    /// Wire type 2: the range of a text, of bytes or of a message.
    case bytes(Range<Int>)
  }

  /// The bytes break off or have another form than a message's.
  struct Malformed: Error {
    /// Where the field begins.
    let offset: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int

  /// - Parameter range: of the message in `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The number and value of the next field; nil at the end of the message.
  mutating func next() throws(Malformed) -> (field: Int, value: Value)? {
    let start = position
    guard start < end else { return nil }
    guard let key = varint(), key >> 3 > 0, key >> 3 < 1 << 29 else { throw Malformed(offset: start) }
    let value: Value?
    switch key & 7 {
    case 0: value = varint().map(Value.number)
    case 1: value = fixed(8).map(Value.fixed)
    case 2:
      let length = varint()
      value = length.flatMap { range($0) }.map(Value.bytes)
    case 5: value = fixed(4).map(Value.fixed)
    default: value = nil
    }
    guard let value else { throw Malformed(offset: start) }
    return (Int(key >> 3), value)
  }

  private mutating func varint() -> UInt64? {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while position < end, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  private mutating func fixed(_ count: Int) -> UInt64? {
    guard end - position >= count else { return nil }
    defer { position += count }
    return (0..<count).reduce(0) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
  }

  private mutating func range(_ length: UInt64) -> Range<Int>? {
    guard length <= UInt64(end - position) else { return nil }
    defer { position += Int(length) }
    return position..<(position + Int(length))
  }
}
