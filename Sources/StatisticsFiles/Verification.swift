import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import SystemPackage

/// `fishermerge verify`: whether a statistics file is what was written, and could be what it says.
///
/// Every check reads the file piece by piece; the first that fails ends the file's verification with one error. Not
/// collective.
package struct Verification {
  let statistics: StatisticsFile
  let description: StatisticsDescription
  /// In the order of the file.
  let tensors: [StatisticTensor]
  private let piece = Buffer<Double>(count: StatisticsFile.pieceElements)

  /// A check that was passed.
  package struct Check: Equatable, Sendable {
    package let name: String
    package let detail: String
  }

  package init(_ statistics: StatisticsFile) {
    self.statistics = statistics
    description = statistics.description
    tensors = description.tensors
  }

  /// Runs all checks of one file.
  ///
  /// - Parameters:
  ///   - model: what the statistics should be of, its hash and its name; nil leaves this check out.
  ///   - report: is given each check when it was passed.
  package static func run(
    _ path: FilePath, model: (model: StoredModel, hash: String, name: String)? = nil, report: (Check) -> Void
  ) throws {
    try Verification(StatisticsFile(path: path)).run(model: model, report: report)
  }

  /// Runs all checks: those that every file needs, then those that follow from what its tensors are.
  package func run(
    model: (model: StoredModel, hash: String, name: String)? = nil, report: (Check) -> Void
  ) throws {
    report(Check(name: "layout", detail: "\(tensors.count) tensors have the shapes of the sizes in the metadata"))
    if let model {
      try statistics.check(against: model.model, modelHash: model.hash, name: model.name)
      report(Check(name: "model", detail: "the hash is that of \(model.name)"))
    }
    for check in [hash, counts, finite] { report(try check()) }
    for check in [
      nonNegative, zeros, { try traces() }, secondMoments, diagonals, offDiagonals, inputSums, tokenCounts,
      outputSketches,
    ] {
      if let passed = try check() { report(passed) }
    }
  }

  /// Calls `body` with consecutive pieces of a tensor and where they begin.
  func forEachPiece(_ name: String, _ body: (Int, Vector<Double>) throws -> Void) throws {
    let count = statistics.tensor(name)?.count ?? 0
    for start in stride(from: 0, to: count, by: piece.count) {
      let range = start..<min(count, start + piece.count)
      let values = piece.vector[0..<range.count]
      try statistics.read(name, range, into: values)
      try body(start, values)
    }
  }

  func implausible(_ tensor: String, _ reason: String) -> StatisticsError {
    .implausible(statistics.path, tensor: tensor, reason: reason)
  }

  /// What a comparison of two roundings of one sum allows, relative.
  static let tolerance = 1e-6

  private func hash() throws -> Check {
    try statistics.requireIntact()
    return Check(name: "hash", detail: "the data have the SHA-256 in the metadata")
  }

  /// Opening has compared examples and tokens with the sums over the parts.
  func counts() throws -> Check {
    let parts = description.parts
    for (index, part) in parts.enumerated() where part.tokens > part.examples * part.maximumLength {
      throw StatisticsError.invalid(
        statistics.path,
        reason: "part \(index + 1) has \(part.tokens) tokens, more than \(part.examples) examples of at most "
          + "\(part.maximumLength) can have")
    }
    if let fingerprints = statistics.fingerprints {
      guard zip(fingerprints, fingerprints.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw implausible(StatisticsFile.fingerprintsName, "the fingerprints are not in increasing order")
      }
    }
    return Check(
      name: "counts",
      detail: "\(description.examples) examples with \(description.tokens) tokens in \(parts.count) "
        + "part\(parts.count == 1 ? "" : "s"), "
        + (statistics.fingerprints == nil ? "no fingerprints" : "one fingerprint each"))
  }

  func finite() throws -> Check {
    for tensor in tensors { try statistics.tensor(tensor.name)?.requireFiniteSum(statistics.path) }
    return Check(name: "finite", detail: "no value is NaN or infinite")
  }
}

extension StoredTensor {
  /// Throws where a sum is NaN or infinite.
  package func requireFiniteSum(_ path: FilePath) throws(StatisticsError) {
    guard let index = firstNonFinite() else { return }
    throw .implausible(path, tensor: name, reason: "the value at entry \(index) is NaN or infinite")
  }
}
