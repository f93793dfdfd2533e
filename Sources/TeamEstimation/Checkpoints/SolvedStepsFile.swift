import Checkpoints
import Diagnostics
import Foundation
import LinearAlgebra
import Merging
import Parameters
import SystemPackage

/// The layers that a merge in forward order has solved at one step, in a safetensors file among the checkpoints. Not
/// collective.
package struct SolvedStepsFile {
  /// What a file says of itself.
  private struct Description: Codable, Equatable {
    var version = 1
    /// ``Plan/hash()``
    var plan: String
    var step: Int
    var reports: [SolveReport]
    /// What computed it; see `Session.processors`.
    var processor: String
  }

  /// The metadata keys: the description as JSON, and SHA-256 of this JSON and the data.
  private static let key = "fishermerge_solved_step"

  /// The solved tensors by name.
  package let values: [String: Buffer<Float>]
  package let reports: [SolveReport]
  package let processor: String

  /// Writes a file; it appears complete or not at all.
  package static func write(
    _ values: [(parameter: Parameter, values: Buffer<Float>)], reports: [SolveReport], plan: String, step: Int,
    processor: String, to path: FilePath
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(
      decoding: try encoder.encode(Description(plan: plan, step: step, reports: reports, processor: processor)),
      as: UTF8.self)
    let file = try AtomicFile(path, replacing: true)
    var writer = try SafetensorsWriter(
      to: file.output,
      tensors: values.map { TensorDeclaration(name: $0.parameter.name, type: .float32, shape: $0.parameter.shape) },
      metadata: [(key, text), ("sha256", hash(text, values.map { UnsafeRawBufferPointer($0.values.vector.buffer) }))])
    for (parameter, values) in values {
      try withExtendedLifetime(values) {
        try writer.write(parameter.name, stored: UnsafeRawBufferPointer(values.vector.buffer))
      }
    }
    try writer.finish()
    try file.commit()
  }

  /// Reads a file whole.
  ///
  /// - Parameter parameters: what the step solves for.
  /// - Throws: ``CheckpointError`` where it is not of this plan and step, or not what was written.
  package init(path: FilePath, plan: String, step: Int, parameters: [Parameter]) throws {
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata(Self.key), let hash = file.metadata("sha256"),
      let found = try? JSONDecoder().decode(Description.self, from: Data(text.utf8)),
      found == Description(plan: plan, step: step, reports: found.reports, processor: found.processor)
    else { throw CheckpointError.invalid(path, reason: "it is no solved step of this merge") }
    var values: [(Parameter, Buffer<Float>)] = []
    for parameter in parameters {
      guard let tensor = file[parameter.name], tensor.type == .float32, tensor.shape == parameter.shape else {
        throw CheckpointError.invalid(path, reason: "it has no \(parameter.name) of the right shape")
      }
      let buffer = Buffer<Float>(count: parameter.count)
      try tensor.copy(into: buffer.vector)
      values.append((parameter, buffer))
    }
    guard file.tensors.count == values.count,
      Self.hash(text, values.map { UnsafeRawBufferPointer($0.1.vector.buffer) }) == hash
    else { throw CheckpointError.invalid(path, reason: "its SHA-256 is not the one that was written") }
    self.values = Dictionary(uniqueKeysWithValues: values.map { ($0.0.name, $0.1) })
    reports = found.reports
    processor = found.processor
  }

  private static func hash(_ text: String, _ parts: [UnsafeRawBufferPointer]) -> String {
    var hash = SHA256()
    hash.update(data: Array(text.utf8))
    for part in parts { hash.update(bufferPointer: part) }
    return hash.finalize().hexadecimal
  }
}
