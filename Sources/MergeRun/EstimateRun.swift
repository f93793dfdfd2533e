import Checkpoints
import Datasets
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Merging
import MessagePassing
import SystemPackage

/// The estimation of one model's statistics into a file.
package struct EstimateRun {
  let session: Session
  let model: String
  let data: DataSource
  let statistics: [StatisticKind]
  let sampling: Sampling
  let options: EstimationOptions
  let output: FilePath
  /// The type of the sums in the file.
  let isDouble: Bool
  /// Whether the file says which examples were used, one hash each.
  let writesFingerprints: Bool

  package init(
    session: Session, model: String, data: DataSource, statistics: [StatisticKind], sampling: Sampling,
    options: EstimationOptions = EstimationOptions(), output: FilePath, isDouble: Bool, writesFingerprints: Bool = true
  ) {
    self.session = session
    self.model = model
    self.data = data
    self.statistics = statistics
    self.sampling = sampling
    self.options = options
    self.output = output
    self.isDouble = isDouble
    self.writesFingerprints = writesFingerprints
  }

  /// Estimates on all ranks, in one pass over the data; the root writes. Gives a summary on the root.
  ///
  /// **Collective.**
  package func run() throws -> JSON? {
    let planner = try session.communicator.agreeOnRoot {
      // Found out now and not after the work: the directory must be there, the file must not.
      _ = try AtomicFile(output)
      return try Planner(model: model, data: data, statistics: statistics, sampling: sampling)
    }
    let plan = try SharedPlan.share(planner?.plan, session.communicator)
    let stored = try session.communicator.agree { try planner?.sources[0].model ?? SharedPlan.open(plan.models[0]) }
    let estimation = ModelEstimation(session: session, plan: plan, planned: plan.models[0], options: options)
    let outcome = try estimation.run(stored, examples: planner?.sources[0].examples)
    let summary = try session.communicator.agreeOnRoot { () -> JSON? in
      guard let source = planner?.sources[0], let hashes = source.hashes, let examples = source.examples else {
        return nil
      }
      let used = examples.part(outcome.used)
      let description = StatisticsDescription(plan, plan.models[0], options, hashes, used, of: examples)
      let reader = EstimatedStatistics(outcome)
      try StatisticsFile.write(
        reader, description, fingerprints: writesFingerprints ? used.fingerprints : nil,
        type: isDouble ? .float64 : .float32, to: output)
      let errors = try SamplingError.all(reader, description.sizes)
      report(outcome, of: examples, errors: errors)
      return [
        "statistics": .array(statistics.map { .string($0.rawValue) }), "output": .string(output.string),
        "expectation": .string(description.expectation), "examples": .integer(outcome.examples),
        "tokens": .integer(outcome.tokens), "seconds": .number(outcome.seconds),
        "passes": .integer(outcome.passes), "ranks": .integer(session.places.count),
        "relative_errors": .object(errors.map { .init(key: $0.name, value: $0.error.map { .number($0) } ?? .null) }),
        "model_sha256": .string(hashes.model), "data_sha256": .string(hashes.data ?? ""),
        "examples_sha256": .string(description.examplesHash),
      ]
    }
    return summary ?? nil
  }

  private func report(
    _ outcome: ModelEstimation.Outcome, of examples: TokenizedExamples, errors: [(name: String, error: Double?)]
  ) {
    let text = "relative standard error with \(outcome.examples) examples: \(SamplingError.text(errors))"
    if let limit = options.largestError, !errors.allSatisfy({ $0.error.map { $0 <= limit } ?? false }) {
      session.console.warn("\(text); --until-error \(significant(limit)) takes more examples than there are")
    } else {
      session.console.note(text)
    }
    let rate = Double(outcome.examples * outcome.passes) / max(outcome.seconds, 1e-9)
    let chosen = outcome.examples < examples.count ? " (of \(examples.count) chosen)" : ""
    session.console.result(
      "wrote \(output): \(statistics.map(\.rawValue).joined(separator: " and ")) over \(outcome.examples) examples"
        + "\(chosen) in \(duration(outcome.seconds)), \(significant(rate)) examples/s")
  }
}

extension StatisticsDescription {
  /// Of an estimation that used some of the planned examples.
  init(
    _ plan: Plan, _ planned: PlannedModel, _ options: EstimationOptions, _ hashes: InputHashes,
    _ used: TokenizedExamples, of examples: TokenizedExamples
  ) {
    let sampling = plan.sampling
    kinds = plan.statistics
    includesClassifier = options.includesClassifier && kinds.contains(.gram)
    let needsGradients = kinds.contains(where: \.needsGradients)
    expectation = needsGradients ? sampling.expectation.name : "none"
    draws = 0
    if needsGradients, case .sampled(let count) = sampling.expectation { draws = count }
    modelHash = hashes.model
    sizes = planned.configuration
    // A part of the chosen examples is that which a smaller choice by the same seed gives.
    let isDrawn = used.count < examples.count || sampling.examples.map { $0 <= examples.count } ?? false
    parts = [
      StatisticsPart(
        dataHash: hashes.data ?? "", examplesHash: used.digest, examples: used.count, tokens: used.tokenCount,
        selection: isDrawn ? "random \(used.count) seed \(sampling.seed)" : "all",
        shard: sampling.shard?.description ?? "", maximumLength: planned.data?.maximumLength ?? 0,
        seed: sampling.seed)
    ]
  }
}
