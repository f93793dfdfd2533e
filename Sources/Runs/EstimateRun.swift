import Checkpoints
import Estimation
import Foundation
import Planning
import Recipes
import Sessions
import StatisticsFiles
import SystemPackage
import TeamEstimation
import Terminal

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
  let checkpoints: CheckpointSettings

  package init(
    session: Session, model: String, data: DataSource, statistics: [StatisticKind], sampling: Sampling,
    options: EstimationOptions = EstimationOptions(), output: FilePath, isDouble: Bool, writesFingerprints: Bool = true,
    checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.checkpoints = checkpoints
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
    let run = try PlannedRun(session, output: output, checkpoints) { directory in
      let root = try session.communicator.agreeOnRoot(in: "planning", namesRank: false) {
        // Found out now and not after the work: the directory must be there, the file must not.
        _ = try AtomicFile(output)
        try directory.check(resumes: checkpoints.resumes)
        let directory = try ModelReference.resolve(
          model, relativeTo: ".", environment: ProcessInfo.processInfo.environment
        ).directory
        let stamps = InputStamps(
          RunInputs(models: [ModelInputs(directory, reference: model, data: data)], sampling: sampling))
        let (plan, inputs) = try Planner.plan(model: model, data: data, statistics: statistics, sampling: sampling)
        session.warnOfSkipped(plan.models[0].data, of: plan.models[0].name)
        return RootInputs(recipe: nil, plan: plan, inputs: inputs, stamps: stamps)
      }
      return PlannedInputs(root: root, sites: RunSites(session, models: 1))
    }
    return try run.withCheckpoints(isNeeded: true) {
      let start = ContinuousClock.now
      var written: Written?
      let estimates = try EstimationJob(
        session: session, plan: run.plan, options: options, settings: checkpoints, directory: run.directory
      ).run(run.root?.inputs, models: [0]) { result in
        try run.root?.stamps.requireUnchanged()
        written = try write(result, run.plan)
      }
      guard let written, let estimate = estimates[0] else { return nil }
      return report(written, estimate, run.plan, seconds: (ContinuousClock.now - start).seconds)
    }
  }

  private struct Written {
    let description: StatisticsDescription
    let chosen: Int
    let errors: [(name: String, error: Double?)]
  }

  /// Writes the file; on the root.
  private func write(_ result: TaskResult, _ plan: Plan) throws -> Written {
    let examples = result.opened.examples
    let used = examples.part(result.examples)
    let description = StatisticsDescription(
      plan, plan.models[0], options, modelHash: result.task.modelHash, dataHash: result.task.dataHash, used,
      of: examples, processor: result.task.processors(with: session.processors))
    let reader = EstimatedStatistics(result.statistics, examples: used.count, tokens: used.tokenCount)
    try StatisticsFile.write(
      reader, description, fingerprints: writesFingerprints ? used.fingerprints : nil,
      type: isDouble ? .float64 : .float32, to: output)
    return Written(
      description: description, chosen: examples.count, errors: try SamplingError.all(reader, description.sizes))
  }

  /// Says what was written.
  private func report(_ written: Written, _ estimate: TaskDelivery, _ plan: Plan, seconds: Double) -> JSON {
    let (description, errors) = (written.description, written.errors)
    let text = "relative standard error with \(estimate.examples) examples: \(SamplingError.text(errors))"
    if let limit = options.largestError, !errors.allSatisfy({ $0.error.map { $0 <= limit } ?? false }) {
      session.console.warn("\(text); --until-error \(significant(limit)) takes more examples than there are")
    } else {
      session.console.note(text)
    }
    let rate = Double(estimate.examples * estimate.passes) / max(seconds, 1e-9)
    let chosen = estimate.examples < written.chosen ? " (of \(written.chosen) chosen)" : ""
    session.console.result(
      "wrote \(output): \(statistics.map(\.name).joined(separator: " and ")) over \(estimate.examples) examples"
        + "\(chosen) in \(duration(seconds)), \(significant(rate)) examples/s")
    return [
      "statistics": .array(statistics.map { .string($0.name) }), "output": .string(output.string),
      "expectation": .string(description.expectation), "examples": .integer(estimate.examples),
      "tokens": .integer(estimate.tokens), "skipped_rows": plan.models[0].data?.skippedJSON ?? .object([]),
      "seconds": .number(seconds), "passes": .integer(estimate.passes),
      "start_seconds": session.startUp.seconds.map { .number($0) } ?? .null,
      "ranks": .integer(session.places.count),
      "relative_errors": .object(errors.map { .init(key: $0.name, value: $0.error.map { .number($0) } ?? .null) }),
      "model_sha256": .string(description.modelHash), "data_sha256": .string(description.dataHash),
      "examples_sha256": .string(description.examplesHash),
    ]
  }
}
