import Testing

@testable import Checkpoints

@Suite("Pickles of torch: damaged files")
struct PickleMutationTests {
  /// One or two changes, half of them in the pickle or the directory.
  private static func mutate(_ original: [UInt8], _ headers: [Range<Int>], _ generator: inout SeededGenerator)
    -> [UInt8]
  {
    var bytes = original
    for _ in 0..<Int.random(in: 1...2, using: &generator) where !bytes.isEmpty {
      let part = (headers + [bytes.indices]).randomElement(using: &generator) ?? bytes.indices
      let place = min(Int.random(in: part, using: &generator), bytes.count - 1)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: bytes.remove(at: place)
      case 1: bytes.insert(.random(in: .min ... .max, using: &generator), at: place)
      case 2: bytes.removeSubrange(place...)
      case 3: bytes[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
      case 4, 5: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 6: bytes[place] = Array("(.)}]NhqrRQbstuacX".utf8).randomElement(using: &generator) ?? 0
      default: bytes[place] = .random(in: .min ... .max, using: &generator)
      }
    }
    return bytes
  }

  @Test(
    "Damaged files give an error or tensors that hold together, and none a crash",
    arguments: ["types", "views", "protocol2", "protocol4", "zip32"])
  func mutations(_ name: String) throws {
    let original = try contents(committed("\(name).bin"))
    let headers = try read(original).headerRanges
    var generator = SeededGenerator(state: 20)
    var (accepted, refused) = (0, 0)
    for _ in 0..<1500 {
      let damaged = Self.mutate(original, headers, &generator)
      let file: PickleFile
      do throws(PickleError) { file = try read(damaged) } catch {
        #expect(!error.description.isEmpty)
        refused += 1
        continue
      }
      accepted += 1
      for tensor in file.storedTensors {
        #expect(tensor.bytes.count * 8 == tensor.shape.reduce(1, *) * tensor.type.bits)
        _ = tensor.bytes.reduce(0) { $0 ^ $1 }
        _ = tensor.firstNonFinite()
      }
      #expect(Set(file.storedTensors.map { Array($0.name.utf8) }).count == file.storedTensors.count)
      #expect(file.copiedBytes <= damaged.count)
    }
    // Both outcomes must occur, or the mutations test nothing.
    #expect(accepted > 100 && refused > 500, "\(accepted) accepted, \(refused) refused")
  }
}
