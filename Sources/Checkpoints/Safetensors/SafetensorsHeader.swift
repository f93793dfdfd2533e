import SystemPackage

/// The header as it is read, offsets from the start of the data. ``validate(dataBytes:of:)`` decides whether it is
/// sound.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let type: TensorType
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  /// In the order of their data.
  let entries: [Entry]
  let metadata: [(key: String, value: String)]

  init(_ bytes: UnsafeRawBufferPointer, of file: FilePath) throws(SafetensorsError) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON(parsing: bytes)
    } catch {
      switch error.problem {
      case .invalidUTF8: throw .headerNotUTF8(file, offset: error.offset)
      case .duplicateKey(let key): throw .duplicateKey(file, key: key)
      default: throw .headerNotJSON(file, error)
      }
    }
    guard let members = json.members else { throw .headerNotObject(file) }
    var entries: [Entry] = []
    var metadata: [(key: String, value: String)] = []
    for member in members {
      if member.key == "__metadata__" {
        if member.value.isNull { continue }
        guard let values = member.value.members else { throw .metadataNotObject(file) }
        for value in values {
          guard let text = value.value.string else { throw .metadataValueNotString(file, key: value.key) }
          metadata.append((value.key, text))
        }
      } else {
        entries.append(try Self.entry(member, of: file))
      }
    }
    // The order in the header is free; an empty tensor sorts before the one that begins where it ends.
    self.entries = entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    self.metadata = metadata
  }

  private static func entry(_ member: JSON.Member, of file: FilePath) throws(SafetensorsError) -> Entry {
    let name = member.key
    guard let typeName = member.value["dtype"]?.string else {
      throw .malformedEntry(file, tensor: name, field: "dtype")
    }
    guard let type = TensorType(rawValue: typeName) else {
      throw .unknownType(file, tensor: name, type: typeName)
    }
    guard let shape = sizes(member.value["shape"]) else { throw .malformedEntry(file, tensor: name, field: "shape") }
    guard let offsets = sizes(member.value["data_offsets"]), offsets.count == 2 else {
      throw .malformedEntry(file, tensor: name, field: "data_offsets")
    }
    return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// An array of integers that are not negative.
  private static func sizes(_ json: JSON?) -> [Int]? {
    guard let elements = json?.array else { return nil }
    var sizes: [Int] = []
    for element in elements {
      guard let size = element.integer, size >= 0 else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  /// Checks that shapes, types and offsets agree and that the entries cover exactly `dataBytes` bytes.
  func validate(dataBytes: Int, of file: FilePath) throws(SafetensorsError) {
    var previousEnd = 0
    for entry in entries {
      let (name, begin, end) = (entry.name, entry.begin, entry.end)
      guard begin <= end else { throw .invertedOffsets(file, tensor: name, begin: begin, end: end) }
      guard let bits = Self.bits(entry.type, entry.shape) else {
        throw .shapeOverflow(file, tensor: name, shape: entry.shape)
      }
      guard bits % 8 == 0 else { throw .partialByte(file, tensor: name, bits: bits) }
      guard bits / 8 == end - begin else {
        throw .lengthMismatch(file, tensor: name, shapeBytes: bits / 8, offsetBytes: end - begin)
      }
      guard begin <= previousEnd else { throw .hole(file, tensor: name, begin: begin, previousEnd: previousEnd) }
      guard begin == previousEnd else { throw .overlap(file, tensor: name, begin: begin, previousEnd: previousEnd) }
      guard end <= dataBytes else { throw .dataTruncated(file, tensor: name, end: end, dataBytes: dataBytes) }
      previousEnd = end
    }
    guard previousEnd == dataBytes else { throw .trailingBytes(file, end: previousEnd, dataBytes: dataBytes) }
  }

  /// The size of the data in bits, nil where it overflows. As in the reference implementation a product that overflows
  /// is refused even where a later dimension is 0.
  static func bits(_ type: TensorType, _ shape: [Int]) -> Int? {
    var product = 1
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      product = next
    }
    let (bits, overflow) = product.multipliedReportingOverflow(by: type.bits)
    return overflow ? nil : bits
  }
}
