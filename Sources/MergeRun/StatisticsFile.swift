import Checkpoints
import Crypto
import Diagnostics
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import SystemPackage

/// A file of statistics: sums over examples as safetensors, with what they are sums of as metadata.
///
/// Sums, never means, so that the files of two shards add up. `docs/file-formats.md` documents names and keys.
package struct StatisticsFile {
  /// The metadata key that identifies a statistics file; its value is the version of the layout.
  static let key = "fishermerge_statistics"
  static let version = "1"

  package let path: FilePath
  package let kinds: [StatisticKind]
  package let expectation: String
  package let examples: Int
  package let file: SafetensorsFile

  package init(path: FilePath) throws {
    file = try SafetensorsFile(path: path)
    self.path = path
    guard let version = file.metadata(Self.key) else { throw RunError.notStatistics(path) }
    guard version == Self.version else {
      throw RunError.invalidStatistics(path, reason: "version \(version) of the layout is not known")
    }
    let kinds = (file.metadata("statistics") ?? "").split(separator: ",").map { StatisticKind(rawValue: String($0)) }
    guard !kinds.isEmpty, !kinds.contains(nil), let expectation = file.metadata("expectation"),
      let examples = file.metadata("examples").flatMap({ Int($0) }), examples > 0
    else { throw RunError.invalidStatistics(path, reason: "its metadata are incomplete") }
    self.kinds = kinds.compactMap { $0 }
    self.expectation = expectation
    self.examples = examples
  }

  /// The values of one tensor.
  package func values(_ name: String) throws -> [Double] {
    guard let tensor = file[name] else {
      throw RunError.invalidStatistics(path, reason: "the tensor \(name) is missing")
    }
    let out = Buffer<Double>(count: tensor.count)
    try tensor.copy(into: out.vector)
    return withExtendedLifetime(out) { out.vector.array }
  }

  /// Writes reduced sums, one tensor at a time. Not collective: the root writes.
  static func write(
    _ outcome: ModelEstimation.Outcome, plan: Plan, model index: Int = 0, hashes: InputHashes, type: TensorType,
    to path: FilePath
  ) throws {
    let planned = plan.models[index]
    let metadata: [(key: String, value: String)] = [
      (key, version), ("program", "fishermerge \(Version.current)"),
      ("statistics", plan.statistics.map(\.rawValue).joined(separator: ",")),
      ("expectation", plan.sampling.expectation.name),
      ("draws", { if case .sampled(let draws) = plan.sampling.expectation { "\(draws)" } else { "0" } }()),
      ("examples", "\(outcome.examples)"), ("tokens", "\(planned.data?.tokens ?? 0)"),
      ("seed", "\(plan.sampling.seed)"), ("model_type", planned.configuration.modelType),
      ("model_sha256", hashes.model), ("data_sha256", hashes.data ?? ""),
      ("examples_sha256", planned.data?.digest ?? ""),
    ]
    let declarations = outcome.statistics.flatMap { entry in
      entry.statistic.sums.slots.map { TensorDeclaration(name: $0.name, type: type, shape: $0.shape) }
    }
    let file = try AtomicFile(path)
    var writer = try SafetensorsWriter(to: file.output, tensors: declarations, metadata: metadata)
    for (_, statistic) in outcome.statistics {
      let largest = statistic.sums.slots.map(\.count).max() ?? 0
      let values = Buffer<Double>(count: largest)
      defer { withExtendedLifetime(values) {} }
      for (index, slot) in statistic.sums.slots.enumerated() {
        statistic.sums.read(index, into: values.vector[0..<slot.count])
        try writer.write(slot.name, values.vector[0..<slot.count])
      }
    }
    try writer.finish()
    try file.commit()
  }
}

/// SHA-256 of what a run read, in hexadecimal.
struct InputHashes {
  /// Of every file of the model that was read or copied, by name: weights, index, configuration, tokenizer.
  let files: [(name: String, sha256: String)]
  /// Of the data file, if there is one.
  let data: String?

  /// One hash for the model: of the weight file, or of the list of the weight files' hashes where there are several.
  let model: String

  /// Reads all bytes. Not collective.
  init(_ model: StoredModel, data: String?) throws {
    let weights = model.files.files.map { (name: $0.path.lastComponent?.string ?? "", sha256: $0.mapped.sha256) }
    var others: [(name: String, sha256: String)] = []
    for name in ["model.safetensors.index.json", "config.json"] + TokenizerFiles.names {
      let path = model.directory.appending(name)
      guard FileManager.default.fileExists(atPath: path.string) else { continue }
      others.append((name, try MappedFile(path: path).sha256))
    }
    files = weights + others
    self.data = try data.map { try MappedFile(path: FilePath($0)).sha256 }
    self.model =
      weights.count == 1
      ? weights[0].sha256
      : SHA256.hash(data: Array(weights.map { "\($0.sha256)  \($0.name)\n" }.joined().utf8)).hexadecimal
  }
}
