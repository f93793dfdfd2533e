import Diagnostics

/// Why bytes are not tokenised examples. They only ever come from this program, so that this is a defect or a broken
/// transfer and never the user's mistake.
package enum TokenizedExamplesError: DiagnosedError, Equatable {
  case wrongMagic
  case unknownVersion(UInt32)
  case endsEarly(offset: Int)
  case trailingBytes(Int)
  case inconsistent(String)

  package var subject: String { "tokenised examples" }
  package var problem: String {
    switch self {
    case .wrongMagic: "the bytes do not begin with the mark of tokenised examples"
    case .unknownVersion(let version): "version \(version) of the encoding is not known"
    case .endsEarly(let offset): "the bytes end too early (at byte \(offset))"
    case .trailingBytes(let count): "\(count) bytes follow the last field"
    case .inconsistent(let what): what
    }
  }
  package var remedy: String { "run the same build of fishermerge on every host" }
  package var exitCode: FailureCode { .defect }
}

extension TokenizedExamples {
  /// "FMTE" and the version of the layout below.
  private static let magic: UInt32 = 0x4554_4D46
  private static let version: UInt32 = 2

  /// The value as little-endian bytes.
  ///
  /// Layout: magic u32, version u32, then u64 each: examples N, tokens T, rows of the file, cut examples; N lengths
  /// u32; N attended lengths u32; N row indices u64; T ids i32; T type ids i32; N targets: a tag u8 (0 none, 1 class, 2
  /// number, 3 classes, 4 numbers) and i64, f64, or a count u32 with one byte for each class or an f64 for each number.
  package var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.reserve(48 + count * 28 + tokenCount * 8)
    writer.append(Self.magic)
    writer.append(Self.version)
    for number in [count, tokenCount, fileRowCount, truncatedCount] { writer.append(UInt64(number)) }
    for index in 0..<count { writer.append(UInt32(length(index))) }
    for length in attendedLengths { writer.append(UInt32(length)) }
    for row in rowIndices { writer.append(UInt64(row)) }
    for id in ids { writer.append(id) }
    for type in typeIDs { writer.append(type) }
    for target in targets { writer.append(target) }
    return writer.bytes
  }

  /// Reads what `bytes` wrote and checks that it fits together.
  package init(decoding bytes: [UInt8]) throws(TokenizedExamplesError) {
    var reader = ByteReader(bytes: bytes)
    guard try reader.next(UInt32.self) == Self.magic else { throw .wrongMagic }
    let version = try reader.next(UInt32.self)
    guard version == Self.version else { throw .unknownVersion(version) }
    let count = try reader.count(entrySize: 17)
    let tokenCount = try reader.count(entrySize: 8)
    let fileRowCount = try reader.count(entrySize: 0)
    let truncatedCount = try reader.count(entrySize: 0)
    guard truncatedCount <= count else { throw .inconsistent("more examples were cut than there are") }

    var offsets = [0]
    for _ in 0..<count { offsets.append(offsets[offsets.count - 1] + Int(try reader.next(UInt32.self))) }
    guard offsets[count] == tokenCount else { throw .inconsistent("the lengths do not add up to the token count") }
    var attendedLengths: [Int] = []
    for index in 0..<count {
      let (length, attended) = (offsets[index + 1] - offsets[index], Int(try reader.next(UInt32.self)))
      guard attended <= length, attended > 0 || length == 0 else {
        throw .inconsistent("\(attended) of \(length) tokens are attended")
      }
      attendedLengths.append(attended)
    }
    var rowIndices: [Int] = []
    for _ in 0..<count {
      let row = try reader.count(entrySize: 0)
      guard row > rowIndices.last ?? -1, row < fileRowCount else {
        throw .inconsistent("row \(row) is out of order or past the end of the file")
      }
      rowIndices.append(row)
    }
    var ids: [Int32] = []
    var typeIDs: [Int32] = []
    for _ in 0..<tokenCount { ids.append(try reader.next(Int32.self)) }
    for _ in 0..<tokenCount { typeIDs.append(try reader.next(Int32.self)) }
    guard ids.allSatisfy({ $0 >= 0 }), typeIDs.allSatisfy({ $0 >= 0 }) else {
      throw .inconsistent("a token id is negative")
    }
    var targets: [Target] = []
    for _ in 0..<count { targets.append(try reader.target()) }
    guard reader.isAtEnd else { throw .trailingBytes(reader.remaining) }
    self.init(
      ids: ids, typeIDs: typeIDs, offsets: offsets, attendedLengths: attendedLengths, rowIndices: rowIndices,
      targets: targets, fileRowCount: fileRowCount, truncatedCount: truncatedCount)
  }
}

/// Appends integers in little-endian order.
private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
    var rest = value
    for _ in 0..<Integer.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest = rest >> 8
    }
  }

  mutating func append(_ target: Target) {
    switch target {
    case .none: append(UInt8(0))
    case .label(let label):
      append(UInt8(1))
      append(Int64(label))
    case .value(let value):
      append(UInt8(2))
      append(value.bitPattern)
    case .labels(let labels):
      append(UInt8(3))
      append(UInt32(labels.count))
      for label in labels { append(UInt8(label ? 1 : 0)) }
    case .values(let values):
      append(UInt8(4))
      append(UInt32(values.count))
      for value in values { append(value.bitPattern) }
    }
  }
}

/// Takes integers in little-endian order and never reads past the end.
private struct ByteReader {
  let bytes: [UInt8]
  var position = 0

  var remaining: Int { bytes.count - position }
  var isAtEnd: Bool { remaining == 0 }

  mutating func next<Integer: FixedWidthInteger>(_: Integer.Type) throws(TokenizedExamplesError) -> Integer {
    let size = Integer.bitWidth / 8
    guard remaining >= size else { throw .endsEarly(offset: bytes.count) }
    var value: Integer = 0
    for index in 0..<size { value |= Integer(truncatingIfNeeded: bytes[position + index]) << (8 * index) }
    position += size
    return value
  }

  /// A count of entries of at least `entrySize` bytes each: one that the remaining bytes cannot hold is refused before
  /// anything is allocated for it.
  mutating func count(entrySize: Int) throws(TokenizedExamplesError) -> Int {
    let value = try next(UInt64.self)
    guard let count = Int(exactly: value) else { throw .inconsistent("the count \(value) is too large") }
    guard entrySize == 0 || count <= remaining / entrySize else { throw .endsEarly(offset: bytes.count) }
    return count
  }

  mutating func target() throws(TokenizedExamplesError) -> Target {
    switch try next(UInt8.self) {
    case 0: return .none
    case 1:
      let label = try next(Int64.self)
      guard label >= 0 else { throw .inconsistent("a class index is negative") }
      return .label(Int(label))
    case 2: return .value(Double(bitPattern: try next(UInt64.self)))
    case 3:
      let count = Int(try next(UInt32.self))
      guard count <= remaining else { throw .endsEarly(offset: bytes.count) }
      var labels: [Bool] = []
      for _ in 0..<count {
        let flag = try next(UInt8.self)
        guard flag <= 1 else { throw .inconsistent("a truth value is neither 0 nor 1") }
        labels.append(flag == 1)
      }
      return .labels(labels)
    case 4:
      let count = Int(try next(UInt32.self))
      guard count <= remaining / 8 else { throw .endsEarly(offset: bytes.count) }
      var values: [Double] = []
      for _ in 0..<count { values.append(Double(bitPattern: try next(UInt64.self))) }
      return .values(values)
    case let tag: throw .inconsistent("the target tag \(tag) is not known")
    }
  }
}
