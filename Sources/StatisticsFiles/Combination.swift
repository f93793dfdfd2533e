import Checkpoints
import SystemPackage
import Terminal

/// `fishermerge combine`: the sums of several files as one file.
package enum Combination {
  /// Checks everything, then adds tensor by tensor. Not collective.
  package static func run(
    _ paths: [FilePath], output: FilePath, allowsOverlap: Bool, console: Console
  ) throws -> JSON {
    // Found out now and not after the work.
    _ = try AtomicFile(output)
    let combined = try StatisticsFile.open(paths, allowsOverlap: allowsOverlap)
    let digests = PairedDigests()
    digests.expect(combined)
    for file in combined.files {
      try file.requireIntact(digests)
      try Verification(file).requirePlausible()
    }
    for warning in combined.warnings { console.warn(warning) }
    let fingerprints = combined.fingerprints
    // The widest of the files' types: a sum of F32 sums in F64 gains nothing, but one F64 loses in F32.
    let type: TensorType = combined.files.contains { $0.type == .float64 } ? .float64 : .float32
    let entries = combined.description.tensors.reduce(0) { $0 + $1.count }
    let progress = PhaseProgress("adding", total: 2 * entries, unit: "entries", console: console)
    try StatisticsFile.write(
      combined, combined.description, fingerprints: fingerprints, type: type, to: output
    ) { progress.advance(by: $0) }
    progress.finish()
    console.result(
      "wrote \(output): \(combined.description.kindNames) over \(combined.examples) examples in "
        + "\(combined.description.parts.count) parts")
    return [
      "output": .string(output.string), "statistics": .array(combined.kinds.map { .string($0.name) }),
      "expectation": .string(combined.description.expectation), "examples": .integer(combined.examples),
      "tokens": .integer(combined.tokens), "model_sha256": .string(combined.description.modelHash),
      "examples_sha256": .string(combined.description.examplesHash),
      "parts": .array(combined.description.parts.map(\.json)),
      "warnings": .array(combined.warnings.map { .string($0) }),
    ]
  }
}
