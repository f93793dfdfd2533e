import Checkpoints
import Crypto
import Diagnostics
import Foundation
import LinearAlgebra
import Scheduling
import SystemPackage

/// What the sums in a checkpoint file are sums of.
package struct PartialSums: Codable, Sendable, Equatable {
  /// The task; see ``Plan/taskHash(of:_:)``.
  var task: String
  /// The model, for people.
  var model: String
  /// How often all blocks were begun: 2 where the first units did not fit.
  var pass: Int
  /// By statistic, the exponents of the units, and which of them come from a whole pass.
  var exponents: [[Int]]
  var settled: [Set<Int>]
  /// The blocks whose terms are in the sums.
  var blocks: BlockSet
  /// The blocks that the pass is over; see ``EstimationTask/goal``.
  var goal: BlockSet?
  /// The time that ranks have spent on them, all together.
  var seconds: Double
  /// OpenBLAS's core type: another one rounds differently.
  var processor: String

  package var blockCount: Int { blocks.count }

  /// Why these numbers cannot be what was written; nil where they can.
  fileprivate var flaw: String? {
    if !(1...1000).contains(pass) { return "pass \(pass)" }
    if !(0..<1e9).contains(seconds) { return "\(seconds) seconds" }
    if (goal?.runs.last?.upperBound ?? 0) > 1 << 40 { return "blocks up to \(goal ?? BlockSet())" }
    if blocks.isEmpty || (blocks.runs.last?.upperBound ?? 0) > 1 << 40 { return "blocks \(blocks)" }
    if exponents.joined().contains(where: { !(-5000...5000).contains($0) }) { return "units that no number has" }
    if !settled.isEmpty, settled.count != exponents.count { return "settled units of \(settled.count) statistics" }
    return nil
  }
}

/// Sums of some blocks of a task, in a safetensors file: what a team has done since it began with its part.
///
/// Integers, as they are added up in memory, so that a resumed run ends with the bits of one without interruption. The files of
/// a task have disjoint sets of blocks, or one's set is part of another's; see ``CheckpointDirectory``.
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
    guard let text = file.metadata(Self.key), let hash = file.metadata("sha256"),
      let sums = try? JSONDecoder().decode(PartialSums.self, from: Data(text.utf8))
    else { throw CheckpointError.invalid(path, reason: "it does not say what it holds") }
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
