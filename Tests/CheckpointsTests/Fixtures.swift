import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

/// A directory that is removed with the test.
final class Scratch {
  let path: FilePath

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/fishermerge-XXXXXX").utf8CString)
    _ = try #require(mkdtemp(&template))
    let bytes = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    path = FilePath(String(decoding: bytes, as: UTF8.self))
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> FilePath {
    let file = path.appending(name)
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file.string))
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> FilePath { try write(name, Array(text.utf8)) }

  func link(_ name: String, to target: String) throws {
    let file = path.appending(name)
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: file.string, withDestinationPath: target)
  }

  /// The names in the directory, hidden ones too, sorted.
  func names(_ subdirectory: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path.string + "/" + subdirectory).sorted()
  }
}

func contents(_ path: FilePath) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path.string)))
}

/// The bytes of a safetensors file, correct or not: nothing is computed but the length of the header.
func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
  safetensors(header: Array(header.utf8), data: data)
}

func safetensors(header: [UInt8], length: UInt64? = nil, data: [UInt8] = []) -> [UInt8] {
  let length = length ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header + data
}

/// Little-endian bytes of 32-bit floats.
func bytes(_ values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

func littleEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
  (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The first places at which two arrays differ, the end of the shorter among them; empty where they are equal.
///
/// For long arrays: a failed `#expect` on the arrays themselves would work for minutes on describing them.
func differences<Element: Equatable>(_ a: [Element], _ b: [Element]) -> [Int] {
  var places = Array(a.indices.lazy.filter { $0 < b.count && a[$0] != b[$0] }.prefix(3))
  if a.count != b.count { places.append(min(a.count, b.count)) }
  return places
}
