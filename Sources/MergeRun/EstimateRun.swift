import Checkpoints
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
  let output: FilePath
  /// The type of the sums in the file.
  let isDouble: Bool

  package init(
    session: Session, model: String, data: DataSource, statistics: [StatisticKind], sampling: Sampling,
    output: FilePath, isDouble: Bool
  ) {
    self.session = session
    self.model = model
    self.data = data
    self.statistics = statistics
    self.sampling = sampling
    self.output = output
    self.isDouble = isDouble
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
    let estimation = ModelEstimation(session: session, plan: plan, planned: plan.models[0])
    let outcome = try estimation.run(stored, examples: planner?.sources[0].examples)
    let summary = try session.communicator.agreeOnRoot { () -> JSON? in
      guard let hashes = planner?.sources[0].hashes else { return nil }
      try StatisticsFile.write(
        outcome, plan: plan, hashes: hashes, type: isDouble ? .float64 : .float32, to: output)
      let rate = Double(outcome.examples * outcome.passes) / max(outcome.seconds, 1e-9)
      session.console.result(
        "wrote \(output): \(statistics.map(\.rawValue).joined(separator: " and ")) over \(outcome.examples) examples in "
          + "\(duration(outcome.seconds)), \(significant(rate)) examples/s")
      return [
        "statistics": .array(statistics.map { .string($0.rawValue) }), "output": .string(output.string),
        "expectation": .string(sampling.expectation.name), "examples": .integer(outcome.examples),
        "tokens": .integer(plan.models[0].data?.tokens ?? 0), "seconds": .number(outcome.seconds),
        "passes": .integer(outcome.passes), "ranks": .integer(session.places.count),
        "model_sha256": .string(hashes.model), "data_sha256": .string(hashes.data ?? ""),
      ]
    }
    return summary ?? nil
  }
}
