import Checkpoints
import Diagnostics
import Foundation
import LinearAlgebra
import SystemPackage

/// Sums of some blocks of a task, in a safetensors file: what a team has done since it began with its part.
///
/// Integers, as they are added up in memory, so that a resumed run ends with the bits of one without interruption. The
/// files of a task have disjoint sets of blocks, or one's set is part of another's; see ``CheckpointDirectory``.
package struct CheckpointFile {
  /// The metadata keys: the description as JSON, and SHA-256 of this JSON and the data.
  private static let key = "fishermerge_checkpoint"
  private static let tensorName = "sums"

  package let path: FilePath
  package let sums: PartialSums
  private let tensor: StoredTensor
  private let text: String
  private let writtenHash: String

  /// Writes a file; it appears complete or not at all. Not collective.
  static func write(_ sums: PartialSums, _ words: Vector<Int64>, to path: FilePath) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(sums), as: UTF8.self)
    let file = try AtomicFile(path, replacing: true)
    let bytes = UnsafeRawBufferPointer(words.buffer)
    var writer = try SafetensorsWriter(
      to: file.output, tensors: [TensorDeclaration(name: tensorName, type: .int64, shape: [words.count])],
      metadata: [(key, text), ("sha256", hash(text, bytes))])
    // In pieces, so that writing begins before all is in the system's cache.
    for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
      try writer.write(tensorName, stored: .init(rebasing: bytes[start..<min(start + pieceBytes, bytes.count)]))
    }
    try writer.finish()
    try file.commit()
  }

  /// Opens a file and reads what it says of itself; see ``requireIntact()``.
  package init(path: FilePath) throws { try self.init(try SafetensorsFile(path: path)) }

  package init(_ file: SafetensorsFile) throws {
    path = file.path
    guard let text = file.metadata(Self.key), let hash = file.metadata("sha256") else {
      throw CheckpointError.invalid(path, reason: "it does not say what it holds")
    }
    // Version 1 did not say which it is.
    if let said = try? JSON(parsing: Array(text.utf8)), said["task"] != nil,
      said["version"]?.integer != PartialSums.currentVersion
    {
      throw CheckpointError.otherVersion(path)
    }
    guard let sums = try? JSONDecoder().decode(PartialSums.self, from: Data(text.utf8)) else {
      throw CheckpointError.invalid(path, reason: "it does not say what it holds")
    }
    let tensors = file.storedTensors
    guard tensors.count == 1, tensors[0].name == Self.tensorName, tensors[0].type == .int64 else {
      throw CheckpointError.invalid(path, reason: "it has no sums")
    }
    if let flaw = sums.flaw { throw CheckpointError.invalid(path, reason: "it says \(legible(flaw))") }
    (self.sums, self.text, writtenHash, tensor) = (sums, text, hash, tensors[0])
  }

  /// Reads all bytes, and throws where they are not those that were written.
  package func requireIntact() throws(CheckpointError) {
    guard Self.hash(text, tensor.bytes) == writtenHash else {
      throw .invalid(path, reason: "its SHA-256 is not the one that was written")
    }
    guard words != nil else { throw .invalid(path, reason: "its sums are not aligned") }
  }

  /// The sums where they are mapped; valid as long as this value.
  var words: Vector<Int64>? { tensor.integers }
  var wordCount: Int { tensor.count }

  private static let pieceBytes = 1 << 24

  private static func hash(_ text: String, _ bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(data: Array(text.utf8))
    for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
      hash.update(bufferPointer: .init(rebasing: bytes[start..<min(start + pieceBytes, bytes.count)]))
    }
    return hash.finalize().hexadecimal
  }
}
