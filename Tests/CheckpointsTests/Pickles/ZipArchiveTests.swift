import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Pickles of torch: the zip archive")
struct ZipArchiveTests {
  private let original = TensorFixture().archive

  private func expect(
    _ defect: ZipDefect, _ location: SourceLocation = #_sourceLocation, _ edit: (inout ZipFixture) -> Void
  ) {
    var fixture = original
    edit(&fixture)
    let bytes = fixture.bytes
    #expect(throws: PickleError.archive("pytorch_model.bin", defect), sourceLocation: location) { try read(bytes) }
    #expect(!defect.problem.isEmpty && !defect.remedy.isEmpty, sourceLocation: location)
  }

  private func throwsNoEnd(_ bytes: [UInt8]) -> Bool {
    do throws(PickleError) { _ = try read(bytes) } catch { return error == .archive("pytorch_model.bin", .noEnd) }
    return false
  }

  @Test("A file cut anywhere is refused; behind its last byte nothing may stand")
  func truncated() throws {
    let bytes = try contents(committed("protocol2.bin"))
    _ = try read(bytes)
    for count in 4..<bytes.count where !throwsNoEnd(Array(bytes[..<count])) { Issue.record("cut at \(count)") }
    #expect(throwsNoEnd(bytes + [0]))
    expect(.noEnd) { $0.comment = 1 }
    expect(.noEnd) { ($0.comment, $0.gaps.2) = (1, [0x20]) }
  }

  @Test("Directory, end and file agree")
  func directory() {
    expect(.directoryLength) { $0.disk = 1 }
    expect(.directoryLength) { $0.count = 1 }
    expect(.directoryLength) { $0.countHere = 1 }
    expect(.directoryLength) { ($0.count, $0.countHere) = (1, 1) }
    expect(.directoryLength) { ($0.count, $0.countHere) = (.max, .max) }
    expect(.directoryLength) { $0.size = 1 }
    expect(.directoryLength) { $0.size = 0 &- 1 }
    expect(.directoryLength) { $0.start = 1 }
    expect(.directoryLength) { ($0.start, $0.size) = (1, 0 &- 1) }
    expect(.directoryLength) { $0.gaps.1 = [0] }
    expect(.directoryLength) { $0.start = 0x8000_0000 }
  }

  @Test("Bytes between entries, and before the directory, belong to none")
  func gaps() throws {
    var fixture = original
    fixture.gaps.0 = [1, 2, 3]
    #expect(try read(fixture.bytes).storedTensors.count == 1)
  }

  @Test("Compressed, encrypted and contradictory entries are refused by name")
  func entries() {
    expect(.compressed("a/data/0", method: 8)) { ($0.entries[2].method, $0.entries[2].ownMethod) = (8, 8) }
    for flag: UInt16 in [0x1, 0x40, 0x2000] { expect(.encrypted("a/data/0")) { $0.entries[2].flags = flag } }
    expect(.badSizes("a/data/0")) { $0.entries[2].compressed = 23 }
    expect(.badSizes("a/data/0")) { $0.entries[2].size = 25 }
    expect(.badSizes("a/data/0")) { ($0.entries[2].size, $0.entries[2].compressed) = (.max, .max) }
    expect(.badHeader("a/data/0")) { $0.entries[2].header = 1 }
    expect(.badHeader("a/data/0")) { $0.entries[2].header = 0 }
    expect(.badHeader("a/data/0")) { $0.entries[2].header = 1 << 30 }
    expect(.badHeader("a/data/0")) { $0.entries[2].ownName = "a/data/1" }
    expect(.badHeader("a/data/0")) { $0.entries[2].ownName = "a/data/00" }
    expect(.badHeader("a/data/0")) { $0.entries[2].ownMethod = 8 }
    expect(.badHeader("a/data/0")) { $0.entries[2].ownSignature ^= 1 }
    expect(.outside("a/data/0", bytes: 1000)) { ($0.entries[2].size, $0.entries[2].compressed) = (1000, 1000) }
    // One byte into the directory.
    expect(.outside("a/version", bytes: 3)) { ($0.entries[3].size, $0.entries[3].compressed) = (3, 3) }
    expect(.overlap("a/data/0", "a/version")) { ($0.entries[2].size, $0.entries[2].compressed) = (30, 30) }
    expect(.duplicate("a/byteorder")) { $0.entries.append(.init("a/byteorder", [])) }
    // One header for two entries of the directory.
    expect(.overlap("a/byteorder", "a/byteorder")) {
      $0.entries.append($0.entries[1])
      let first = UInt32(30 + $0.entries[0].name.utf8.count + $0.entries[0].data.count)
      $0.entries[$0.entries.count - 1].header = first
    }
  }

  @Test("A name that is no UTF-8 is refused")
  func names() throws {
    var bytes = original.bytes
    let places = bytes.indices.filter { bytes[$0...].starts(with: "a/data/0".utf8) }
    for place in places { bytes[place] = 0xFF }
    #expect(throws: PickleError.archive("pytorch_model.bin", .nameNotUTF8)) { try read(bytes) }
  }

  // MARK: 64 bits

  private func wide(
    _ directory: Range<Int>, _ count: Int, place: Int? = nil, signature: UInt32 = 0x0606_4B50, disks: UInt64 = 0,
    start: Int? = nil, size: Int? = nil, countHere: Int? = nil
  ) -> [UInt8] {
    littleEndian(signature) + littleEndian(UInt64(44)) + [45, 0, 45, 0] + littleEndian(disks)
      + littleEndian(UInt64(countHere ?? count)) + littleEndian(UInt64(count))
      + littleEndian(UInt64(size ?? directory.count))
      + littleEndian(UInt64(bitPattern: Int64(start ?? directory.lowerBound))) + littleEndian(UInt32(0x0706_4B50))
      + littleEndian(UInt32(0)) + littleEndian(UInt64(bitPattern: Int64(place ?? directory.upperBound)))
      + littleEndian(UInt32(1))
  }

  @Test("Lengths and places may be in the fields of 64 bits, and are then as strictly checked")
  func zip64() throws {
    var fixture = original
    fixture.wide = { wide($0, $1) }
    #expect(try read(fixture.bytes).storedTensors.count == 1)
    // All short values say that they are too short.
    let plain = original.bytes
    let end = plain.count - 22
    func short(_ place: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(plain[place + $1]) << (8 * UInt32($1)) } }
    fixture.size = UInt32.max - short(end + 12)
    fixture.start = UInt32.max - short(end + 16)
    fixture.count = .max - UInt16(fixture.entries.count)
    fixture.countHere = fixture.count
    #expect(try read(fixture.bytes).storedTensors.count == 1)

    expect(.directoryLength) { $0.wide = { wide($0, $1, place: -1) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, place: .max) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, place: 0) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, signature: 0) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, disks: 1 << 32) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, start: $0.lowerBound - 1) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, start: -1) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1 + 1) } }
    expect(.directoryLength) { $0.wide = { wide($0, $1, countHere: 1) } }
    let short64 = (fixture.size, fixture.start)
    expect(.directoryLength) {
      ($0.size, $0.start) = short64
      $0.wide = { wide($0, $1, size: $0.count - 1) }
    }
    // The short fields say otherwise.
    for edit: (inout ZipFixture) -> Void in [{ $0.size = 1 }, { $0.start = 1 }, { ($0.count, $0.countHere) = (1, 1) }] {
      expect(.directoryLength) {
        $0.wide = { wide($0, $1) }
        edit(&$0)
      }
    }
  }

  @Test("An entry's lengths and place may be in its extra field")
  func extra() throws {
    func words(_ values: [UInt64]) -> [UInt8] {
      [1, 0] + littleEndian(UInt16(8 * values.count)) + values.flatMap { littleEndian($0) }
    }
    var fixture = original
    let header = UInt64(
      fixture.entries[0..<2].reduce(0) { $0 + 30 + $1.name.utf8.count + $1.data.count })
    (fixture.entries[2].size, fixture.entries[2].compressed, fixture.entries[2].header) = (.max, .max, .max)
    // Between fields of other kinds.
    fixture.entries[2].extra = [9, 9, 1, 0, 7] + words([24, 24, header]) + [9, 9, 1, 0, 7]
    #expect(try read(fixture.bytes).storedTensors.count == 1)
    let edits: [[UInt8]] = [
      words([24, 24]), words([24, 23, header]), words([24, 24, .max]), words([.max, .max, header]), [1, 0, 24, 0, 0],
      [9, 9, 255, 255] + words([24, 24, header]),
    ]
    for extra in edits {
      fixture.entries[2].extra = extra
      #expect(throws: PickleError.self) { try read(fixture.bytes) }
    }
    fixture.entries[2].header = nil
    fixture.entries[2].extra = words([24, 24])
    #expect(try read(fixture.bytes).storedTensors.count == 1)
    fixture.entries[2].extra = words([1 << 40, 1 << 40])
    #expect(throws: PickleError.archive("pytorch_model.bin", .outside("a/data/0", bytes: 1 << 40))) {
      try read(fixture.bytes)
    }
  }

  // MARK: What the archive says of itself

  @Test("Byte order, version and pickle are what torch writes")
  func entriesOfTorch() throws {
    let path = FilePath("pytorch_model.bin")
    func expect(_ error: PickleError, _ edit: (inout ZipFixture) -> Void) {
      var fixture = original
      edit(&fixture)
      let bytes = fixture.bytes
      #expect(throws: error) { try read(bytes) }
    }
    expect(.byteOrder(path, found: "big")) { $0.entries[1] = .init("a/byteorder", Array("big".utf8)) }
    expect(.byteOrder(path, found: "")) { $0.entries[1] = .init("a/byteorder", []) }
    for version in ["0", "11\n", "", "3\n\n", "three"] {
      expect(.version(path, found: version)) { $0.entries[3] = .init("a/version", Array(version.utf8)) }
    }
    expect(.noEntry(path, entry: "a/version")) { $0.entries.remove(at: 3) }
    expect(.noEntry(path, entry: "a/data.pkl")) {
      $0.entries[0].name = "b/data.pkl"; $0.entries[0].ownName = "b/data.pkl"; $0.entries.swapAt(0, 1)
    }
    expect(.format(path, .torchScript)) { $0.entries.append(.init("a/constants.pkl", [])) }
    expect(.format(path, .torchScript)) { $0.entries.append(.init("a/code/__torch__.py", [])) }
    for version in ["1", "10\n"] {
      var fixture = original
      fixture.entries[3] = .init("a/version", Array(version.utf8))
      _ = try read(fixture.bytes)
    }
    let long = Array(repeating: UInt8(0x28), count: PickleFile.maximumPickleBytes + 1)
    expect(.tooLong(path, bytes: long.count, limit: PickleFile.maximumPickleBytes)) {
      $0.entries[0] = .init("a/data.pkl", long)
    }
  }
}
