import LinearAlgebra
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("safetensors: damaged files")
struct SafetensorsMutationTests {
  private static let header = """
    {"__metadata__":{"format":"pt","kind":"test"},"w":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},\
    "h":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"e":{"dtype":"BF16","shape":[0,7],"data_offsets":[32,32]},\
    "s":{"dtype":"F64","shape":[],"data_offsets":[32,40]},"i":{"dtype":"I64","shape":[1,2],"data_offsets":[40,56]}}
    """

  /// One or two changes of the kinds that transfers and defective writers make.
  private static func mutate(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...2, using: &generator) where !bytes.isEmpty {
      // One in three in the data, where most changes leave the file valid.
      let isData = Int.random(in: 0..<3, using: &generator) == 0
      let place = Int.random(in: (isData ? max(0, bytes.count - 56) : 0)..<bytes.count, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[place] = .random(in: .min ... .max, using: &generator)
      case 2: bytes.remove(at: place)
      case 3: bytes.insert(.random(in: .min ... .max, using: &generator), at: place)
      case 4: bytes.removeSubrange(place...)
      case 5:
        let end = Int.random(in: place..<bytes.count, using: &generator)
        bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
      case 6:
        // Another digit: the header stays JSON, but its numbers lie.
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
        if let digit = digits.randomElement(using: &generator) {
          bytes[digit] = UInt8.random(in: 0x30...0x39, using: &generator)
        }
      default:
        bytes[Int.random(in: 0..<min(8, bytes.count), using: &generator)] ^= .random(in: 1...255, using: &generator)
      }
    }
    return bytes
  }

  @Test("3000 damaged files: each gives an error or descriptions that hold together, and none a crash")
  func mutations() throws {
    let scratch = try Scratch()
    let original = safetensors(Self.header, data: (0..<56).map { UInt8($0 * 4) })
    var generator = SeededGenerator(state: 20)
    var (accepted, refused) = (0, 0)
    for _ in 0..<3000 {
      let damaged = Self.mutate(original, &generator)
      let path = try scratch.write("x.safetensors", damaged)
      let file: SafetensorsFile
      do throws(SafetensorsError) { file = try SafetensorsFile(path: path) } catch {
        #expect(!error.description.isEmpty)
        refused += 1
        continue
      }
      accepted += 1
      let length = (0..<8).reduce(0) { $0 | Int(damaged[$1]) << (8 * $1) }
      var end = 8 + length
      for tensor in file.storedTensors {
        #expect(tensor.description.byteRange.lowerBound == end)
        #expect(tensor.description.byteRange.count * 8 == tensor.shape.reduce(1, *) * tensor.type.bits)
        end = tensor.description.byteRange.upperBound
        _ = tensor.bytes.reduce(0) { $0 ^ $1 }
        guard tensor.type.precision != nil else { continue }
        var values = [Double](repeating: 0, count: tensor.count)
        try values.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          try tensor.copy(into: Vector(base: base, count: buffer.count))
        }
        #expect(tensor.firstNonFinite() == values.firstIndex { !$0.isFinite })
      }
      #expect(end == damaged.count)
      #expect(Set(file.tensors.map { Array($0.name.utf8) }).count == file.tensors.count)
    }
    // Both outcomes must occur, or the mutations test nothing: changes of data and of names leave a file valid.
    #expect(accepted > 200 && refused > 1000, "\(accepted) accepted, \(refused) refused")
  }
}
