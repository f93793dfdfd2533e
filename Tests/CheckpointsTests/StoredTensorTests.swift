import LinearAlgebra
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Tensors where they are stored")
struct StoredTensorTests {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  private func tensor(_ type: TensorType, _ shape: [Int], _ data: [UInt8], shift: Int = 0) throws -> StoredTensor {
    let pad = shift == 0 ? "" : #""pad":{"dtype":"U8","shape":[\#(shift)],"data_offsets":[0,\#(shift)]},"#
    var header =
      #"{\#(pad)"t":{"dtype":"\#(type.rawValue)","shape":\#(shape),"data_offsets":[\#(shift),\#(shift + data.count)]}}"#
    while header.utf8.count % 8 != 0 { header += " " }
    let path = try scratch.write("t", safetensors(header, data: Array(repeating: 0, count: shift) + data))
    return try #require(SafetensorsFile(path: path)["t"])
  }

  @Test("Any rank flattens to the last dimension and the product of the others")
  func flattening() throws {
    for (shape, rows, columns) in [([2, 3, 4], 6, 4), ([24], 1, 24), ([24, 1], 24, 1), ([1, 1, 24], 1, 24)] {
      // The view is valid as long as the tensor.
      try withExtendedLifetime(try tensor(.float32, shape, bytes((0..<24).map { Float($0) }))) { tensor in
        let matrix = try #require(tensor.matrix)
        #expect(matrix.rows == rows && matrix.columns == columns)
        #expect(matrix[rows - 1, columns - 1] == 23 && matrix.elements.array == (0..<24).map { Float($0) })
      }
    }
    withExtendedLifetime(try tensor(.float32, [], bytes([5]))) { scalar in
      #expect(scalar.matrix?.rows == 1 && scalar.matrix?.columns == 1 && scalar.vector?.array == [5])
    }
    #expect(try tensor(.float32, [0, 3], []).matrix?.rows == 0)
  }

  @Test("A view is given only for aligned F32; the rest is converted, with the same values", arguments: 0..<9)
  func alignment(_ shift: Int) throws {
    let values: [Float] = [1, -2, 3.25, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
    let stored = try tensor(.float32, [5], bytes(values), shift: shift)
    #expect((stored.vector != nil) == (shift % 4 == 0))
    let copy = try withVector([Float](repeating: 0, count: 5)) { vector in
      try stored.copy(into: vector)
      return vector.array
    }
    #expect(copy == values)
    #expect(try doubles(stored) == values.map { Double($0) })
    #expect(stored.firstNonFinite() == nil)
  }

  @Test("A view of doubles is given only for aligned F64", arguments: 0..<9)
  func doubleAlignment(_ shift: Int) throws {
    let data = littleEndian(0.1.bitPattern) + littleEndian(Double.pi.bitPattern)
    withExtendedLifetime(try tensor(.float64, [2], data, shift: shift)) { stored in
      #expect((stored.doubles != nil) == (shift % 8 == 0))
      if let view = stored.doubles { #expect(view.array == [0.1, .pi]) }
    }
    #expect(try tensor(.float32, [4], data, shift: shift).doubles == nil)
  }

  @Test("F16, BF16 and F64 give no view, and a row of them is converted alone")
  func conversion() throws {
    let half = try tensor(.float16, [3, 2], [0, 0x3C, 0, 0x40, 0, 0x42, 0, 0x44, 0, 0x45, 0, 0x46])
    #expect(half.vector == nil && half.matrix == nil)
    #expect(try doubles(half) == [1, 2, 3, 4, 5, 6])
    #expect(try doubles(half, 2..<4) == [3, 4])
    let brain = try tensor(.bfloat16, [2], [0x80, 0x3F, 0x00, 0xC0])
    #expect(try doubles(brain) == [1, -2])
    let double = try tensor(.float64, [2], littleEndian(0.1.bitPattern) + littleEndian(Double.pi.bitPattern))
    #expect(try doubles(double, 1..<2) == [.pi] && double.vector == nil)
  }

  @Test("Integers are no weights")
  func integers() throws {
    let stored = try tensor(.int64, [1], littleEndian(Int64(3)))
    #expect(throws: TensorAccessError.notFloatingPoint(stored.file.path, tensor: "t", type: .int64)) {
      try doubles(stored)
    }
    #expect(stored.firstNonFinite() == nil)
  }

  @Test("NaN and infinity are refused by name and place")
  func notFinite() throws {
    var values = (0..<24).map { Float($0) }
    values[17] = -.infinity
    let stored = try tensor(.float32, [2, 3, 4], bytes(values))
    #expect(stored.firstNonFinite() == 17)
    // 17 = 1 · 12 + 1 · 4 + 1
    #expect(throws: TensorAccessError.notFinite(stored.file.path, tensor: "t", index: [1, 1, 1])) {
      try stored.requireFinite()
    }
  }

  @Test("An empty file is mapped, and what was mapped outlives its name")
  func mapping() throws {
    #expect(try MappedFile(path: scratch.write("empty", [])).bytes.isEmpty)
    let path = try scratch.write("gone", [1, 2, 3])
    let mapped = try MappedFile(path: path)
    try FileSystem.removeFile(path)
    #expect(mapped.bytes.elementsEqual([1, 2, 3]))
    #expect(throws: FileAccessError.missing(path)) { try MappedFile(path: path) }
  }

  @Test("SHA-256 of the standard's examples, of nothing, and across pieces")
  func sha256() throws {
    // FIPS 180-4's examples; the last value was computed with sha256sum.
    let examples: [([UInt8], String)] = [
      ([UInt8](), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        [UInt8](repeating: 0x61, count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
      ([UInt8](repeating: 0x61, count: 9_000_001), "b9e1a83460a44df25da4627ddb8271e3dbdfc7685d468e930187b57b20ad93f7"),
    ]
    for (content, hash) in examples {
      #expect(try MappedFile(path: scratch.write("x", content)).sha256 == hash)
    }
  }
}
