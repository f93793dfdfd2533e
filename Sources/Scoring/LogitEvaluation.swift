import Datasets
import Encoders
import Estimation
import LinearAlgebra
import MessagePassing
import Metrics
import Planning

/// The forward pass of an encoder over examples, shared by the ranks of one communicator.
package enum LogitEvaluation {
  /// Evaluates all examples.
  ///
  /// - Parameters:
  ///   - encoder: with the same weights on every rank, from a file or in memory.
  ///   - examples: the same on every rank.
  ///   - communicator: the ranks that share the work; the world or a part of it.
  ///   - file: where the examples come from, for messages.
  ///   - progress: called with the number of examples that this rank has just done.
  /// - Returns: on the communicator's root all logits, the same bits for any number of ranks; nil elsewhere.
  /// - Throws: where an output is not finite, on all ranks, naming the row.
  ///
  /// **Collective.**
  package static func run(
    encoder: Encoder<Float>, examples: TokenizedExamples, communicator: Communicator, file: String,
    progress: ((_ examples: Int) -> Void)? = nil
  ) throws -> Logits? {
    let width = encoder.configuration.outputs
    let outputs = Buffer<Float>(count: examples.count * width)
    let blocks = BlockPlan(examples, maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples).blocks
    try communicator.agree(in: "evaluating a model") {
      for block in blocks where block.index % communicator.size == communicator.rank {
        let logits = encoder.forward(ExampleBlock(block, of: examples).batch).logits
        for (row, example) in block.examples.enumerated() {
          guard largestMagnitude(logits.row(row)).isFinite else {
            throw DataFileError(EstimationError.nonFiniteOutput(row: examples.rowIndices[example]), in: file)
          }
          copy(logits.row(row), to: outputs.vector[example * width..<(example + 1) * width])
        }
        progress?(block.examples.count)
      }
    }
    // Every entry was computed on one rank and is zero on the others, so the sum is exact.
    try communicator.reduce(outputs.vector.buffer, .sum)
    guard communicator.isRoot else { return nil }
    return Logits(width: width, values: withExtendedLifetime(outputs) { outputs.vector.array })
  }

  /// What the examples' labels say, for metrics. **Not collective.**
  ///
  /// - Throws: where an example has no label of the head's kind.
  package static func labels(
    of examples: TokenizedExamples, configuration: EncoderConfiguration
  ) throws(EvaluationError) -> Answers {
    var (classes, sets, values): ([Int], [[Bool]], [Double]) = ([], [], [])
    for (example, target) in examples.targets.enumerated() {
      switch (configuration.problem, target) {
      case (.singleLabel, .label(let label)): classes.append(label)
      case (.multiLabel, .labels(let labels)): sets.append(labels)
      case (.regression, .value(let value)): values.append(value)
      case (.regression, .values): throw .severalValues
      default: throw .missingLabel(row: examples.rowIndices[example])
      }
    }
    return switch configuration.problem {
    case .singleLabel: .classes(classes, count: configuration.outputs)
    case .multiLabel: .labelSets(sets)
    case .regression: .values(values)
    }
  }

  /// Scores logits by metrics, in their order. **Not collective.**
  ///
  /// - Throws: where an example has no label, or a metric says nothing about this kind of head.
  package static func scores(
    logits: Logits, examples: TokenizedExamples, configuration: EncoderConfiguration, metrics: [Metric]
  ) throws(EvaluationError) -> [Score] {
    let labels = try labels(of: examples, configuration: configuration)
    if let foreign = metrics.first(where: { !labels.metrics.contains($0) }) {
      throw .foreignMetric(foreign, fitting: labels.metrics)
    }
    let answers = logits.answers(configuration.problem)
    return metrics.map { Score($0, of: answers, labels: labels) }
  }
}

extension LabelMapCheck {
  /// Looks for a wrong label map in what a model says about labelled examples: a source model about its own data.
  /// **Not collective.**
  ///
  /// - Parameters:
  ///   - logits: of the examples, in their order.
  ///   - names: of the model's classes, in the order of `id2label`.
  /// - Returns: nil where nothing is odd, where the head does not choose one class of several, and where an example has
  ///   no label.
  package static func find(
    logits: Logits, examples: TokenizedExamples, configuration: EncoderConfiguration, names: [String]
  ) -> Finding? {
    guard configuration.problem == .singleLabel, names.count == logits.width,
      case .classes(let labels, _)? = try? LogitEvaluation.labels(of: examples, configuration: configuration),
      case .classes(let predictions, _) = logits.answers(.singleLabel)
    else { return nil }
    return find(labels: labels, predictions: predictions, names: names)
  }
}
