import Checkpoints
import Foundation
import LinearAlgebra
import Scheduling
import TestSupport
import Testing

@testable import TeamEstimation

@Suite("Checkpoint files")
struct CheckpointFileTests {
  private let sums = PartialSums(
    task: "9f86d081884c7d65", model: "sst2", pass: 2, exponents: [[-40, -38], [-62]], settled: [[1], []],
    blocks: BlockSet([0..<18, 20..<21]), goal: BlockSet(0..<40), seconds: 12.5, processor: "Cooperlake")

  private func write(_ count: Int, in scratch: Scratch) throws -> CheckpointFile {
    let words = Buffer<Int64>(count: count)
    for index in 0..<count { words.vector[index] = Int64(index) &* 0x1234_5678_9ABC_DEF1 }
    let path = scratch.path.appending("a.sums")
    try withExtendedLifetime(words) { try CheckpointFile.write(sums, words.vector, to: path) }
    return try CheckpointFile(path: path)
  }

  @Test("what was written is read again, bit by bit", arguments: [1, 1000, 3_000_000])
  func roundTrip(count: Int) throws {
    let scratch = try Scratch()
    let file = try write(count, in: scratch)
    try file.requireIntact()
    #expect(file.sums == sums && file.wordCount == count)
    let words = try #require(file.words).array
    #expect(words.enumerated().allSatisfy { $1 == Int64($0) &* 0x1234_5678_9ABC_DEF1 })
  }

  @Test("a file of another version is refused with what to do, and not taken for damaged")
  func otherVersion() throws {
    let scratch = try Scratch()
    let path = try write(5, in: scratch).path
    let written = try String(contentsOfFile: path.string, encoding: .isoLatin1)
    let version = #"\"version\":2"#
    try #require(written.contains(version))
    // Version 1 had no number.
    for other in [#"\"version\":3"#, #"\"version\":1"#, #"\"versiom\":2"#] {
      let bytes = Array(try #require(written.replacing(version, with: other).data(using: .isoLatin1)))
      let error = #expect(throws: CheckpointError.otherVersion(path)) {
        try CheckpointFile(SafetensorsFile(MappedFile(path: path, contents: bytes)))
      }
      #expect(error?.remedy.contains("the version that began it") == true)
    }
  }

  @Test("no byte can change unnoticed")
  func everyByte() throws {
    let scratch = try Scratch()
    _ = try write(5, in: scratch)
    let path = scratch.path.appending("a.sums")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path.string))
    let writtenSums = sums
    for index in bytes.indices {
      var damaged = [UInt8](bytes)
      damaged[index] ^= 1
      let isNoticed: Bool
      do {
        let file = try CheckpointFile(SafetensorsFile(MappedFile(path: path, contents: damaged)))
        try file.requireIntact()
        // What says nothing about the sums may differ, such as the name of another key.
        isNoticed = file.sums == writtenSums && file.wordCount == 5
      } catch {
        isNoticed = true
      }
      #expect(isNoticed, "byte \(index)")
    }
  }

  @Test(
    "descriptions that make no sense are refused",
    arguments: [
      ("-38", "-9223372036854775808"), (#"\"pass\":2"#, #"\"pass\":0"#), (#"12.5"#, #"1e300"#),
      ("0-17,20", "3-1"), ("0-17,20", "0-9223372036854775806"), ("0-17,20", ""), ("[[1],[]]", "[[1]]"),
    ])
  func senseless(old: String, new: String) throws {
    let scratch = try Scratch()
    _ = try write(0, in: scratch)
    let path = scratch.path.appending("a.sums")
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path.string)).dropFirst(8), as: UTF8.self)
    try #require(text.contains(old))
    let header = Array(text.replacing(old, with: new).utf8)
    let contents = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    #expect(throws: CheckpointError.self) {
      try CheckpointFile(SafetensorsFile(MappedFile(path: path, contents: contents)))
    }
  }
}
