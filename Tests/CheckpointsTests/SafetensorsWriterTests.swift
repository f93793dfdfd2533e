import Foundation
import LinearAlgebra
import SystemPackage
import Testing

@testable import Checkpoints

/// Gives `values` to `body` as a vector.
func withVector<Scalar, Result>(_ values: [Scalar], _ body: (Vector<Scalar>) throws -> Result) throws -> Result {
  var values = values
  values.reserveCapacity(1)
  return try values.withUnsafeMutableBufferPointer { buffer in
    try body(Vector(base: #require(buffer.baseAddress), count: buffer.count))
  }
}

/// The elements of a tensor as doubles.
func doubles(_ tensor: StoredTensor, _ range: Range<Int>? = nil) throws -> [Double] {
  let range = range ?? 0..<tensor.count
  return try withVector([Double](repeating: -7, count: range.count)) { vector in
    try tensor.copy(elements: range, into: vector)
    return vector.array
  }
}

/// The format stated once more, with another JSON reader: name → (dtype, shape, bytes), and the metadata.
func independentlyParsed(_ path: FilePath) throws -> (
  tensors: [String: (String, [Int], [UInt8])], metadata: [String: String]
) {
  let file = try contents(path)
  let length = file.prefix(8).reversed().reduce(0) { $0 * 256 + Int($1) }
  let header = try #require(
    JSONSerialization.jsonObject(with: Data(file[8..<8 + length])) as? [String: [String: Any]])
  var tensors: [String: (String, [Int], [UInt8])] = [:]
  for (name, entry) in header where name != "__metadata__" {
    let offsets = try #require(entry["data_offsets"] as? [Int])
    tensors[name] = (
      try #require(entry["dtype"] as? String), try #require(entry["shape"] as? [Int]),
      Array(file[8 + length + offsets[0]..<8 + length + offsets[1]])
    )
  }
  return (tensors, header["__metadata__"] as? [String: String] ?? [:])
}

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
  let scratch: Scratch
  let path: FilePath

  init() throws {
    scratch = try Scratch()
    path = scratch.path.appending("x.safetensors")
  }

  static let declarations = [
    TensorDeclaration(name: "d", type: .float64, shape: [2]),
    TensorDeclaration(name: "w", type: .float32, shape: [2, 2]),
    TensorDeclaration(name: "none", type: .float32, shape: [0, 3]),
    TensorDeclaration(name: "h", type: .float16, shape: [3]),
    TensorDeclaration(name: "é\"\n", type: .bfloat16, shape: []),
    TensorDeclaration(name: "i", type: .int64, shape: [1]),
  ]

  private func writeAll(_ metadata: [(key: String, value: String)] = []) throws {
    var writer = try SafetensorsWriter(to: OutputFile(path: path), tensors: Self.declarations, metadata: metadata)
    try withVector([1.5, .pi]) { try writer.write("d", $0) }
    // In pieces, the second from doubles.
    try withVector([Float(1), 2, 3]) { try writer.write("w", $0) }
    try withVector([0.1]) { try writer.write("w", $0) }
    try withVector([Float]()) { try writer.write("none", $0) }
    try withVector([Float(1), -2, 0.333]) { try writer.write("h", $0) }
    try withVector([Float(-1)]) { try writer.write("é\"\n", $0) }
    try littleEndian(Int64(-5)).withUnsafeBytes { try writer.write("i", stored: $0) }
    try writer.finish()
  }

  @Test("A reader that is stated independently finds every byte, and the data start at a multiple of 8")
  func independentReader() throws {
    try writeAll([("note", "a \"quoted\" text")])
    let (tensors, metadata) = try independentlyParsed(path)
    #expect(metadata == ["format": "pt", "note": "a \"quoted\" text"])
    #expect(Set(tensors.keys) == Set(Self.declarations.map(\.name)))
    for declared in Self.declarations {
      let (type, shape, _) = try #require(tensors[declared.name])
      #expect(type == declared.type.rawValue && shape == declared.shape)
    }
    #expect(tensors["d"]?.2 == littleEndian(1.5.bitPattern) + littleEndian(Double.pi.bitPattern))
    #expect(tensors["w"]?.2 == bytes([1, 2, 3, 0.1]))
    #expect(tensors["h"]?.2 == [0x00, 0x3C, 0x00, 0xC0, 0x54, 0x35])
    #expect(tensors["é\"\n"]?.2 == [0x80, 0xBF])
    #expect(tensors["i"]?.2 == [0xFB, 255, 255, 255, 255, 255, 255, 255])
    // The lowest byte of the length decides.
    #expect(try contents(path)[0] % 8 == 0)
  }

  @Test("What is written is read back, and mapped values are used where they lie")
  func roundTrip() throws {
    try writeAll()
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata.map(\.key) == ["format"] && file.metadata("format") == "pt")
    #expect(file.tensors.map(\.name) == Self.declarations.map(\.name))
    let w = try #require(file["w"])
    try withExtendedLifetime(w) {
      let matrix = try #require(w.matrix)
      #expect(matrix.rows == 2 && matrix.columns == 2 && matrix[1, 0] == 3 && matrix[1, 1] == 0.1)
      #expect(UnsafeRawPointer(matrix.base) == w.bytes.baseAddress)
    }
    #expect(try doubles(try #require(file["d"])) == [1.5, .pi])
    #expect(try doubles(w, 1..<3) == [2, 3])
    #expect(try doubles(try #require(file["none"])) == [])
  }

  @Test("A header that would need padding in every length is a multiple of 8", arguments: 1...8)
  func padding(_ length: Int) {
    let name = String(repeating: "n", count: length)
    let header = SafetensorsWriter.header([TensorDeclaration(name: name, type: .float32, shape: [1])], [])
    #expect(header.count % 8 == 0)
  }

  @Test("A tensor of more elements than one piece is converted without a seam")
  func largeTensor() throws {
    let count = 600_001
    // 2039 is prime: a piece written twice or left out shows.
    let values = (0..<count).map { Float($0 % 2039) }
    var writer = try SafetensorsWriter(
      to: OutputFile(path: path), tensors: [.init(name: "a", type: .float16, shape: [count])])
    try withVector(values) { try writer.write("a", $0) }
    try writer.finish()
    let written = try doubles(try #require(SafetensorsFile(path: path)["a"]))
    #expect(differences(written, values.map { Double($0) }) == [])
  }

  @Test("A tensor is taken over from another file, unchanged or converted")
  func fromStored() throws {
    try writeAll()
    let file = try SafetensorsFile(path: path)
    let copy = scratch.path.appending("copy.safetensors")
    var writer = try SafetensorsWriter(
      to: OutputFile(path: copy),
      tensors: [.init(name: "w", type: .float32, shape: [2, 2]), .init(name: "h", type: .float32, shape: [3])])
    try writer.write("w", try #require(file["w"]))
    try writer.write("h", try #require(file["h"]))
    try writer.finish()
    let tensors = try independentlyParsed(copy).tensors
    #expect(tensors["w"]?.2 == bytes([1, 2, 3, 0.1]))
    // 0.333 in half precision is 1365 / 4096.
    #expect(tensors["h"]?.2 == bytes([1, -2, Float(1364) / 4096]))
  }

  /// What writing `values`, in two pieces where `cut` says so, throws.
  private func overflow<Scalar: BinaryFloatingPoint>(
    _ values: [Scalar], _ type: TensorType, shape: [Int], cut: Int = 0,
    write: (inout SafetensorsWriter, Vector<Scalar>) throws -> Void
  ) -> OutputError? {
    let file = scratch.path.appending("\(UInt64.random(in: .min ... .max)).safetensors")
    do {
      let first = TensorDeclaration(name: "first", type: .float32, shape: [1])
      var writer = try SafetensorsWriter(
        to: OutputFile(path: file), tensors: [first, .init(name: "a", type: type, shape: shape)])
      try withVector([Float(1)]) { try writer.write("first", $0) }
      for piece in [values[..<cut], values[cut...]] where !piece.isEmpty {
        try withVector(Array(piece)) { try write(&writer, $0) }
      }
      try writer.finish()
    } catch {
      guard case .overflow(file, let name, let index, let value, let type)? = error as? OutputError else {
        Issue.record(error)
        return nil
      }
      return .overflow(path, tensor: name, index: index, value: value, type: type)
    }
    return nil
  }

  @Test("A finite number that would become an infinity is refused and named, wherever it lies")
  func overflow() throws {
    // 65519.996 is the largest Float that rounds to 65504, the largest finite F16; 65520 is a tie and rounds up.
    let largest = Float(65520).nextDown
    let floats = { (writer: inout SafetensorsWriter, values: Vector<Float>) in try writer.write("a", values) }
    let doubles = { (writer: inout SafetensorsWriter, values: Vector<Double>) in try writer.write("a", values) }
    #expect(overflow([0, largest, -largest, 1], .float16, shape: [4], write: floats) == nil)
    for (value, cut) in [(Float(65520), 0), (-65520, 0), (1e30, 1), (65520, 4)] {
      #expect(
        overflow([0, 1, 2, 3, value, 5], .float16, shape: [3, 2], cut: cut, write: floats)
          == .overflow(path, tensor: "a", index: [2, 0], value: Double(value), type: .float16))
    }
    #expect(
      overflow([1, Float.greatestFiniteMagnitude], .bfloat16, shape: [2], write: floats)
        == .overflow(path, tensor: "a", index: [1], value: Double(Float.greatestFiniteMagnitude), type: .bfloat16))
    #expect(
      overflow([1e39], .float32, shape: [], write: doubles)
        == .overflow(path, tensor: "a", index: [], value: 1e39, type: .float32))
    #expect(overflow([1e39], .float64, shape: [], write: doubles) == nil)
    // In the second piece of the conversion.
    var many = [Float](repeating: 1, count: 300_000)
    many[290_001] = 1e5
    #expect(
      overflow(many, .float16, shape: [300, 1000], write: floats)
        == .overflow(path, tensor: "a", index: [290, 1], value: 1e5, type: .float16))
    // What is not finite already stays as it is, and does not hide what follows.
    let infinite: [Float] = [.infinity, .nan, -.infinity, 1]
    #expect(overflow(infinite, .float16, shape: [4], write: floats) == nil)
    #expect(
      overflow(infinite + [7e4], .float16, shape: [5], write: floats)
        == .overflow(path, tensor: "a", index: [4], value: 7e4, type: .float16))
    let error = OutputError.overflow(path, tensor: "a", index: [2, 0], value: 7e4, type: .float16)
    #expect(error.exitCode == .badInput && error.subject == "\(path), tensor a" && error.problem.contains("[2, 0]"))
    #expect(error.remedy == "use out_dtype: bfloat16 or float32")
  }

  @Test("A tensor of another file that does not fit the declared type is refused; nothing of it is written")
  func storedOverflow() throws {
    try scratch.write(
      "x.safetensors",
      safetensors(#"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#, data: bytes([1, 2, 3, 7e4])))
    let stored = try #require(SafetensorsFile(path: path)["w"])
    let copy = scratch.path.appending("copy.safetensors")
    let output = try OutputFile(path: copy)
    var writer = try SafetensorsWriter(to: output, tensors: [.init(name: "w", type: .float16, shape: [2, 2])])
    let header = output.byteCount
    #expect(throws: OutputError.overflow(copy, tensor: "w", index: [1, 1], value: 7e4, type: .float16)) {
      try writer.write("w", stored)
    }
    #expect(output.byteCount == header)
  }

  @Test("Finishing without a declared tensor is refused and names it")
  func unwritten() throws {
    func incomplete() throws {
      var writer = try SafetensorsWriter(to: OutputFile(path: path), tensors: Self.declarations)
      try withVector([1.0, 2.0]) { try writer.write("d", $0) }
      try withVector([Float(1)]) { try writer.write("w", $0) }
      try writer.finish()
    }
    let error = #expect(throws: OutputError.self) { try incomplete() }
    #expect(error == .unwrittenTensors(path, ["w", "h", "é\"\n", "i"]))
  }

  @Test("A tensor out of order, with too many elements or undeclared is refused")
  func unexpected() throws {
    var writer = try SafetensorsWriter(to: OutputFile(path: path), tensors: Self.declarations)
    for (name, count) in [("w", 1), ("d", 3), ("x", 1)] {
      let error = #expect(throws: OutputError.self) {
        try withVector([Double](repeating: 0, count: count)) { try writer.write(name, $0) }
      }
      guard case .unexpectedTensor(path, name, _, "d", 2) = error else {
        Issue.record("unexpected \(String(describing: error))")
        continue
      }
      #expect(error?.exitCode == .defect)
    }
  }

  @Test("Metadata that make the header longer than the hub shows are refused")
  func headerTooLong() throws {
    let text = String(repeating: "x", count: 25_000_000)
    let error = #expect(throws: OutputError.self) {
      _ = try SafetensorsWriter(to: OutputFile(path: path), tensors: [], metadata: [("k", text)])
    }
    guard case .headerTooLong(path, _, 25_000_000) = error else { throw try #require(error) }
  }

  @Test(
    "A full disk is an error with the path and what to do",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func diskFull() throws {
    let error = #expect(throws: OutputError.self) {
      var writer = try SafetensorsWriter(
        to: OutputFile(path: "/dev/full", replacing: true), tensors: [.init(name: "a", type: .float32, shape: [4])])
      try withVector([Float(1), 2, 3, 4]) { try writer.write("a", $0) }
      try writer.finish()
    }
    #expect(error == .cannotWrite("/dev/full", .noSpace))
    #expect(error?.description.contains("free space") == true && error?.exitCode == .inputOutput)
    // A piece that is larger than the buffer fails at once.
    let large = #expect(throws: OutputError.self) {
      let output = try OutputFile(path: "/dev/full", replacing: true)
      try output.write([UInt8](repeating: 0, count: 3_000_000))
    }
    #expect(large == .cannotWrite("/dev/full", .noSpace))
  }
}
