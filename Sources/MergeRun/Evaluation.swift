import Checkpoints
import Datasets
import Diagnostics
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import MessagePassing
import SystemPackage

/// How well a model does on labelled examples: accuracy, or Pearson's correlation for regression.
package struct Evaluation {
  let session: Session
  let model: String
  let data: DataSource
  let sampling: Sampling

  package init(session: Session, model: String, data: DataSource, sampling: Sampling) {
    self.session = session
    self.model = model
    self.data = data
    self.sampling = sampling
  }

  /// A figure of merit.
  package struct Score: Sendable {
    package let metric: String
    package let value: Double
    package let examples: Int

    /// Four digits behind the point: more than the sampling error of any test set here.
    package var text: String { String(format: "%.4f", value) }

    package var json: JSON {
      ["metric": .string(metric), "value": .number(value), "examples": .integer(examples)]
    }
  }

  /// Evaluates on all ranks; the score is the root's, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> Score? {
    let communicator = session.communicator
    let prepared = try communicator.agreeOnRoot {
      let reference = try ModelReference.resolve(
        model, relativeTo: ".", environment: ProcessInfo.processInfo.environment)
      let (source, planned, _) = try Planner.open(
        reference.directory, name: reference.directory.lastComponent?.string ?? model, reference: model, weight: 1,
        inputs: ModelInputs(data: data), sampling: sampling, isEvaluation: true)
      return (
        source,
        Plan(
          method: .linear, rule: .linear, preset: nil, sampling: sampling, statistics: [], outputType: .float32,
          models: [planned])
      )
    }
    let plan = try SharedPlan.share(prepared?.1, communicator)
    let received = try communicator.broadcast(prepared?.0.examples?.bytes ?? [])
    let (encoder, examples) = try communicator.agree {
      let stored = try prepared?.0.model ?? SharedPlan.open(plan.models[0])
      return (
        Encoder(weights: try stored.singlePrecisionWeights()),
        try prepared?.0.examples ?? TokenizedExamples(decoding: received)
      )
    }
    let outputs = try logits(of: examples, by: encoder, name: plan.models[0].name)
    return try communicator.agreeOnRoot {
      guard let score = Self.score(outputs, examples, encoder.configuration) else {
        throw RunError.undefinedCorrelation(data.file.string)
      }
      return score
    }
  }

  /// The head's outputs of every example, [examples][C], on the root; the others' are their share. **Collective.**
  private func logits(of examples: TokenizedExamples, by encoder: Encoder<Float>, name: String) throws -> [Float] {
    let width = encoder.configuration.outputs
    let outputs = Buffer<Float>(count: examples.count * width)
    let progress = Progress(name, total: examples.count, console: session.console)
    let blocks = BlockPlan(examples, maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples).blocks
    try session.communicator.agree {
      for block in blocks where block.index % session.communicator.size == session.communicator.rank {
        let logits = encoder.forward(ExampleBlock(block, of: examples).batch).logits
        for (row, example) in block.examples.enumerated() {
          guard largestMagnitude(logits.row(row)).isFinite else {
            let error = EstimationError.nonFiniteOutput(row: examples.rowIndices[example])
            throw RunError(error, in: data.file.string)
          }
          copy(logits.row(row), to: outputs.vector[example * width..<(example + 1) * width])
        }
        progress.advance(by: block.examples.count * session.communicator.size)
      }
    }
    progress.finish()
    // Every entry was computed on one rank and is zero on the others, so the sum is exact.
    try session.communicator.reduce(outputs.vector.buffer, .sum)
    return withExtendedLifetime(outputs) { outputs.vector.array }
  }

  static func score(_ outputs: [Float], _ examples: TokenizedExamples, _ configuration: EncoderConfiguration) -> Score?
  {
    let width = configuration.outputs
    func row(_ example: Int) -> ArraySlice<Float> { outputs[example * width..<(example + 1) * width] }
    switch configuration.problem {
    case .regression:
      let pairs = (0..<examples.count).compactMap { example -> (Double, Double)? in
        guard case .value(let target) = examples.targets[example] else { return nil }
        return (Double(row(example)[example * width]), target)
      }
      return pearson(pairs).map { Score(metric: "pearson", value: $0, examples: pairs.count) }
    case .singleLabel:
      let correct = (0..<examples.count).count { example in
        guard case .label(let label) = examples.targets[example] else { return false }
        let scores = row(example)
        // The first of the largest, as argmax is defined everywhere else.
        let best = scores.indices.reduce(scores.startIndex) { scores[$1] > scores[$0] ? $1 : $0 }
        return best - scores.startIndex == label
      }
      return Score(
        metric: "accuracy", value: Double(correct) / Double(max(1, examples.count)), examples: examples.count)
    case .multiLabel:
      let correct = (0..<examples.count).count { example in
        guard case .labels(let labels) = examples.targets[example] else { return false }
        return row(example).map { $0 >= 0 } == labels
      }
      return Score(
        metric: "exact_match", value: Double(correct) / Double(max(1, examples.count)), examples: examples.count)
    }
  }

  /// Pearson's correlation; nil where one side does not vary.
  static func pearson(_ pairs: [(Double, Double)]) -> Double? {
    let n = Double(pairs.count)
    let (mx, my) = pairs.reduce((0.0, 0.0)) { ($0.0 + $1.0 / n, $0.1 + $1.1 / n) }
    let (xx, yy, xy) = pairs.reduce((0.0, 0.0, 0.0)) { sums, pair in
      let (x, y) = (pair.0 - mx, pair.1 - my)
      return (sums.0 + x * x, sums.1 + y * y, sums.2 + x * y)
    }
    return xx > 0 && yy > 0 ? xy / (xx.squareRoot() * yy.squareRoot()) : nil
  }
}
