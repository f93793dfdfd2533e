import Parameters
import Checkpoints
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import SystemPackage

/// `fishermerge verify`: whether a statistics file is what was written, and could be what it says.
///
/// Every check reads the file piece by piece; the first that fails ends the file's verification with one error. Not
/// collective.
package struct Verification {
  let statistics: StatisticsFile
  let description: StatisticsDescription
  private let piece = Buffer<Double>(count: StatisticsFile.pieceElements)

  /// A check that was passed.
  package struct Check: Equatable, Sendable {
    package let name: String
    package let detail: String
  }

  package init(_ statistics: StatisticsFile) {
    self.statistics = statistics
    description = statistics.description
  }

  /// Runs all checks of one file.
  ///
  /// - Parameters:
  ///   - model: what the statistics should be of, its hash and its name; nil leaves this check out.
  ///   - report: is given each check when it was passed.
  package static func run(
    _ path: FilePath, model: (model: StoredModel, hash: String, name: String)? = nil, report: (Check) -> Void
  ) throws {
    let statistics = try StatisticsFile(path: path)
    let verification = Verification(statistics)
    let d = statistics.description
    report(Check(name: "layout", detail: "\(d.tensors.count) tensors have the shapes of the sizes in the metadata"))
    if let model {
      try statistics.check(against: model.model, modelHash: model.hash, name: model.name)
      report(Check(name: "model", detail: "the hash is that of \(model.name)"))
    }
    report(try verification.hash())
    report(try verification.counts())
    report(try verification.finite())
    if d.kinds.contains(where: \.needsGradients) { report(try verification.squares()) }
    if d.kinds.contains(.fisher) { report(try verification.keyBias()) }
    if d.kinds.contains(where: { $0 != .maskFisher }) { report(try verification.traces()) }
    report(try verification.secondMoments())
    if d.kinds.contains(.gram) {
      report(try verification.diagonals())
      report(try verification.offDiagonals())
      report(try verification.rowSums())
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
  private func counts() throws -> Check {
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

  private func finite() throws -> Check {
    for (name, _) in description.tensors { try statistics.tensor(name)?.requireFiniteSum(statistics.path) }
    return Check(name: "finite", detail: "no value is NaN or infinite")
  }

  /// Sums of squares, and moments.
  private func squares() throws -> Check {
    for (name, _) in description.tensors where !name.hasPrefix("gram.") || SecondMoment.role(of: name) != .sum {
      try forEachPiece(name) { start, values in
        if let index = values.buffer.firstIndex(where: { $0 < 0 }) {
          throw implausible(name, "the value \(values[index]) at entry \(start + index) is negative; squares are not")
        }
      }
    }
    return Check(name: "squares", detail: "no sum of squares is negative")
  }

  private func keyBias() throws -> Check {
    for parameter in description.parameters where parameter.role.isGradientFree {
      try forEachPiece(parameter.name) { start, values in
        if let index = values.buffer.firstIndex(where: { $0 != 0 }) {
          throw implausible(
            parameter.name,
            "the value \(values[index]) at entry \(start + index) is not 0, but the softmax does not "
              + "see the key's bias")
        }
      }
    }
    return Check(name: "key bias", detail: "the Fisher of the keys' biases is exactly 0")
  }

  /// The traces that are kept apart are those of the tensors.
  private func traces() throws -> Check {
    var count = 0
    for kind in description.kinds where kind != .maskFisher {
      let names = kind == .fisher ? description.parameters.map(\.name) : description.gramSites.map(\.name)
      for name in names {
        var total = 0.0
        if kind == .fisher {
          try forEachPiece(name) { _, values in total = values.buffer.reduce(total, +) }
        } else {
          total = try diagonal(name).reduce(0, +)
        }
        let trace = try statistics.values(name + SecondMoment.traceSuffix, count: 1)[0]
        guard abs(trace - total) <= Self.tolerance * max(abs(trace), abs(total)) else {
          throw implausible(name, "its trace is \(total), but \(trace) is in \(name)\(SecondMoment.traceSuffix)")
        }
        count += 1
      }
    }
    return Check(name: "traces", detail: "\(count) tensors have the traces that are kept beside them")
  }

  /// s²/N ≤ Σ f² ≤ s² for s = Σ f of N numbers that are not negative.
  private func secondMoments() throws -> Check {
    let n = Double(description.examples)
    var count = 0
    for (name, shape) in description.tensors where SecondMoment.role(of: name) == .moment {
      let base = String(name.dropLast(SecondMoment.suffix.count))
      let trace = base + SecondMoment.traceSuffix
      let size = shape.reduce(1, *)
      let sums = try statistics.values(statistics.tensor(trace) == nil ? base : trace, count: size)
      let squares = try statistics.values(name, count: size)
      // Moments have a few digits less than sums, and one unit for the whole tensor.
      let room = Self.tolerance * (squares.max() ?? 0)
      for (index, (s, q)) in zip(sums, squares).enumerated() {
        guard q + room >= s * s / n * (1 - Self.tolerance), q <= s * s * (1 + Self.tolerance) + room else {
          throw implausible(
            name,
            "the value \(q) at entry \(index) is impossible: \(description.examples) numbers with the sum \(s) have "
              + "squares with a sum between \(s * s / n) and \(s * s)")
        }
        count += 1
      }
    }
    return Check(name: "second moments", detail: "\(count) numbers are possible beside their sums (Cauchy-Schwarz)")
  }
}

extension StoredTensor {
  /// Throws where a sum is NaN or infinite.
  func requireFiniteSum(_ path: FilePath) throws(StatisticsError) {
    guard let index = firstNonFinite() else { return }
    throw .implausible(path, tensor: name, reason: "the value at entry \(index) is NaN or infinite")
  }
}
