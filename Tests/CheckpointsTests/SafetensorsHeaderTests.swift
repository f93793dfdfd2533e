import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("safetensors: every rule of the format")
struct SafetensorsHeaderTests {
  let scratch: Scratch
  let path: FilePath

  init() throws {
    scratch = try Scratch()
    path = scratch.path.appending("x.safetensors")
  }

  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try scratch.write("x.safetensors", bytes)
    return try SafetensorsFile(path: path)
  }

  private func expect(_ error: SafetensorsError, _ bytes: [UInt8], _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) { try open(bytes) }
    #expect(error.subject.hasPrefix(path.string), sourceLocation: location)
    #expect(!error.problem.isEmpty && !error.remedy.isEmpty, sourceLocation: location)
  }

  @Test("A valid file gives its tensors with type, shape and place, and its metadata in order")
  func valid() throws {
    let header = """
      {"__metadata__":{"z":"1","format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
      "b":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]}}
      """
    let file = try open(safetensors(header, data: Array(0..<14)))
    let start = 8 + header.utf8.count
    #expect(
      file.tensors == [
        TensorDescription(name: "a", type: .float32, shape: [2, 1], byteRange: start..<start + 8),
        TensorDescription(name: "b", type: .bfloat16, shape: [3], byteRange: start + 8..<start + 14),
      ])
    #expect(file.metadata.map(\.key) == ["z", "format"])
    #expect(file.metadata("z") == "1" && file.metadata("y") == nil)
    withExtendedLifetime(file) { #expect(file["b"]?.bytes.elementsEqual(8..<14) == true) }
    #expect(file["c"] == nil)
  }

  @Test("Metadata of null are none")
  func nullMetadata() throws {
    let file = try open(
      safetensors(#"{"__metadata__":null,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [7]))
    #expect(file.metadata.isEmpty && file.tensors.map(\.name) == ["a"])
  }

  @Test("The order of the header is free; the order of the data is kept")
  func unorderedHeader() throws {
    let header = """
      {"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}
      """
    #expect(try open(safetensors(header, data: [7, 8, 9])).tensors.map(\.name) == ["a", "b"])
  }

  @Test("Empty tensors, rank 0 and white space before the header are legal")
  func legal() throws {
    let header = """
       \n\t{"empty":{"dtype":"F32","shape":[0,5],"data_offsets":[4,4]},\
      "one":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"none":{"dtype":"I64","shape":[0],"data_offsets":[0,0]}}
      """
    let file = try open(safetensors(header, data: bytes([2.5])))
    #expect(file.tensors.map(\.name) == ["none", "one", "empty"])
    #expect(file.tensors.map(\.count) == [0, 1, 0])
  }

  @Test("A file without tensors is legal")
  func noTensors() throws { #expect(try open(safetensors("{}")).tensors.isEmpty) }

  @Test("Every element type has its size", arguments: TensorType.allCases)
  func types(_ type: TensorType) throws {
    // Eight elements are whole bytes for every type.
    let header = #"{"a":{"dtype":"\#(type.rawValue)","shape":[8],"data_offsets":[0,\#(type.bits)]}}"#
    #expect(try open(safetensors(header, data: Array(repeating: 0, count: type.bits))).tensors[0].type == type)
  }

  @Test("A missing file, a directory and a file of fewer than eight bytes are refused")
  func unreadable() throws {
    #expect(throws: SafetensorsError.unreadable(.missing(path))) { try SafetensorsFile(path: path) }
    #expect(throws: SafetensorsError.unreadable(.notRegular(scratch.path))) { try SafetensorsFile(path: scratch.path) }
    for count in 0..<8 {
      expect(.noHeaderLength(path, fileBytes: count), Array(repeating: 1, count: count))
    }
  }

  @Test("A header that claims more than 100 MB is refused before anything is allocated")
  func headerTooLong() throws {
    for length: UInt64 in [100_000_001, 1 << 40, .max] {
      expect(
        .headerTooLong(path, headerBytes: length, limit: 100_000_000), safetensors(header: [], length: length))
    }
  }

  @Test("A header that claims more bytes than the file has is refused")
  func headerTruncated() throws {
    expect(
      .headerTruncated(path, headerBytes: 100_000_000, fileBytes: 10),
      safetensors(header: Array("{}".utf8), length: 100_000_000))
    expect(
      .headerTruncated(path, headerBytes: 3, fileBytes: 10), safetensors(header: Array("{}".utf8), length: 3))
  }

  @Test("A header that is not UTF-8 is refused")
  func notUTF8() throws {
    // A lone continuation byte, an overlong slash and a surrogate.
    for bad: [UInt8] in [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80]] {
      let header = Array("{\"".utf8) + bad + Array("\":1}".utf8)
      expect(.headerNotUTF8(path, offset: 2 + bad.count), safetensors(header: header))
    }
  }

  @Test("A header that is not JSON, or JSON but no object, is refused")
  func notJSON() throws {
    expect(.headerNotJSON(path, JSONError(problem: .unexpectedEnd, offset: 0)), safetensors(""))
    expect(.headerNotJSON(path, JSONError(problem: .unexpectedByte(0x78), offset: 1)), safetensors("{x}"))
    expect(.headerNotJSON(path, JSONError(problem: .trailingBytes, offset: 2)), safetensors("{}\0"))
    let deep = String(repeating: "[", count: 100_000)
    expect(.headerNotJSON(path, JSONError(problem: .nestedTooDeeply, offset: 64)), safetensors(deep))
    expect(.headerNotObject(path), safetensors("[]"))
  }

  @Test("Duplicate keys are refused: of tensors, of fields and of metadata")
  func duplicateKeys() throws {
    let entry = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    expect(.duplicateKey(path, key: "a"), safetensors(#"{"a":\#(entry),"a":\#(entry)}"#))
    expect(.duplicateKey(path, key: "a"), safetensors(#"{"a":\#(entry),"\u0061":\#(entry)}"#))
    expect(
      .duplicateKey(path, key: "dtype"),
      safetensors(#"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#))
    expect(.duplicateKey(path, key: "k"), safetensors(#"{"__metadata__":{"k":"1","k":"2"}}"#))
  }

  @Test("Keys that only look alike in Unicode are different tensors")
  func canonicalEquivalence() throws {
    let entry = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    #expect(try open(safetensors(#"{"\u00e9":\#(entry),"e\u0301":\#(entry)}"#)).tensors.count == 2)
  }

  @Test("Metadata are strings")
  func metadata() throws {
    expect(.metadataNotObject(path), safetensors(#"{"__metadata__":"pt"}"#))
    expect(.metadataValueNotString(path, key: "n"), safetensors(#"{"__metadata__":{"format":"pt","n":1}}"#))
  }

  @Test(
    "An entry without a field, or with one of the wrong form, is refused",
    arguments: [
      (#"[]"#, "dtype"), (#"{"shape":[],"data_offsets":[0,1]}"#, "dtype"),
      (#"{"dtype":1,"shape":[],"data_offsets":[0,1]}"#, "dtype"),
      (#"{"dtype":"U8","data_offsets":[0,1]}"#, "shape"),
      (#"{"dtype":"U8","shape":1,"data_offsets":[0,1]}"#, "shape"),
      (#"{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}"#, "shape"),
      (#"{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}"#, "shape"),
      (#"{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}"#, "shape"),
      (#"{"dtype":"U8","shape":[1]}"#, "data_offsets"),
      (#"{"dtype":"U8","shape":[1],"data_offsets":[0]}"#, "data_offsets"),
      (#"{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}"#, "data_offsets"),
      (#"{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}"#, "data_offsets"),
    ])
  func malformedEntry(_ entry: String, _ field: String) throws {
    expect(.malformedEntry(path, tensor: "a", field: field), safetensors(#"{"a":\#(entry)}"#, data: [0]))
  }

  private func one(_ type: String, _ shape: [Int], _ begin: Int, _ end: Int, data: Int) -> [UInt8] {
    safetensors(
      #"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}}"#,
      data: Array(repeating: 0, count: data))
  }

  private func two(_ a: Range<Int>, _ b: Range<Int>, data: Int) -> [UInt8] {
    func entry(_ range: Range<Int>) -> String {
      #"{"dtype":"U8","shape":[\#(range.count)],"data_offsets":[\#(range.lowerBound),\#(range.upperBound)]}"#
    }
    return safetensors(#"{"a":\#(entry(a)),"b":\#(entry(b))}"#, data: Array(repeating: 0, count: data))
  }

  @Test("An unknown element type is refused by name")
  func unknownType() throws {
    expect(.unknownType(path, tensor: "a", type: "F33"), one("F33", [1], 0, 4, data: 4))
    expect(.unknownType(path, tensor: "a", type: "f32"), one("f32", [1], 0, 4, data: 4))
  }

  @Test("A shape whose size overflows is refused, in elements and in bits, and even with a 0 behind")
  func shapeOverflow() throws {
    for shape in [[1 << 32, 1 << 32], [1 << 62], [.max, .max, 0]] {
      expect(.shapeOverflow(path, tensor: "a", shape: shape), one("F32", shape, 0, 4, data: 4))
    }
  }

  @Test("Elements below a byte must fill whole bytes")
  func partialByte() throws { expect(.partialByte(path, tensor: "a", bits: 12), one("F4", [3], 0, 2, data: 2)) }

  @Test("Offsets that run backwards are refused")
  func invertedOffsets() throws {
    expect(.invertedOffsets(path, tensor: "a", begin: 4, end: 0), one("F32", [1], 4, 0, data: 4))
  }

  @Test("Offsets that do not fit shape and type are refused, also when they lie by petabytes")
  func lengthMismatch() throws {
    expect(.lengthMismatch(path, tensor: "a", shapeBytes: 8, offsetBytes: 4), one("F32", [2], 0, 4, data: 4))
    expect(
      .lengthMismatch(path, tensor: "a", shapeBytes: 4, offsetBytes: .max), one("F32", [1], 0, .max, data: 4))
  }

  @Test("Holes are refused: before the first tensor and between two")
  func holes() throws {
    expect(.hole(path, tensor: "a", begin: 1, previousEnd: 0), one("U8", [3], 1, 4, data: 4))
    expect(.hole(path, tensor: "b", begin: 3, previousEnd: 2), two(0..<2, 3..<4, data: 4))
  }

  @Test("Overlaps are refused")
  func overlap() throws {
    expect(.overlap(path, tensor: "b", begin: 1, previousEnd: 2), two(0..<2, 1..<4, data: 4))
    expect(.overlap(path, tensor: "b", begin: 0, previousEnd: 2), two(0..<2, 0..<4, data: 4))
  }

  @Test("Data that end too early are refused, also when a tensor claims petabytes")
  func dataTruncated() throws {
    expect(.dataTruncated(path, tensor: "a", end: 4, dataBytes: 3), one("F32", [1], 0, 4, data: 3))
    expect(
      .dataTruncated(path, tensor: "a", end: 1 << 50, dataBytes: 3), one("U8", [1 << 50], 0, 1 << 50, data: 3))
  }

  @Test("Data after the last tensor are refused")
  func trailingBytes() throws {
    expect(.trailingBytes(path, end: 4, dataBytes: 5), one("F32", [1], 0, 4, data: 5))
    expect(.trailingBytes(path, end: 0, dataBytes: 1), safetensors("{}", data: [0]))
  }
}
