import Checkpoints
import Encoders
import Estimation
import MessagePassing
import SystemPackage

/// The part of a run that comes to every model's statistics: reads those that are given as files, and estimates the others on all
/// ranks.
struct StatisticsPhase {
  let session: Session
  let plan: Plan
  /// Where estimated statistics are kept as files, on the root.
  let directory: FilePath?
  /// Whether statistics are kept as files on all ranks; else `take` uses them at once.
  let keepsFiles: Bool

  struct Result {
    /// The files of each model; empty for one whose statistics were used at once.
    var files: [[FilePath]] = []
    /// What the estimation of each model came to; nil for one that had files.
    var estimations: [EstimationSummary?] = []
  }

  /// Goes through the models in recipe order.
  ///
  /// - Parameters:
  ///   - planner: the root's, which lets go of the examples of models that are done.
  ///   - take: uses a model's statistics on the root, where there is no store.
  ///
  /// **Collective.**
  func run(
    _ planner: inout Planner?, take: (_ statistics: any StatisticReader, _ model: Int) throws -> Void
  ) throws -> Result {
    var result = Result()
    let communicator = session.communicator
    for (index, planned) in plan.models.enumerated() {
      if let given = planned.statistics {
        let files = given.files.map { FilePath($0) }
        if !keepsFiles { try communicator.agreeOnRoot { try take(try StatisticsFile.open(files), index) } }
        result.files.append(files)
        result.estimations.append(nil)
        continue
      }
      let source = planner?.sources[index]
      let model = try communicator.agree { try source?.model ?? SharedPlan.open(planned) }
      let estimation = ModelEstimation(session: session, plan: plan, planned: planned)
      let outcome = try estimation.run(model, examples: source?.examples)
      let path = try communicator.agreeOnRoot { () -> String in
        guard let directory, let hashes = source?.hashes, let examples = source?.examples else {
          try take(EstimatedStatistics(outcome), index)
          return ""
        }
        let file = directory.appending("\(planned.name).safetensors")
        try StatisticsFile.write(
          EstimatedStatistics(outcome),
          StatisticsDescription(plan, planned, estimation.options, hashes, examples.part(outcome.used), of: examples),
          fingerprints: nil, type: .float64, to: file)
        return file.string
      }
      let name = String(decoding: try communicator.broadcast(Array((path ?? "").utf8)), as: UTF8.self)
      result.files.append(name.isEmpty ? [] : [FilePath(name)])
      result.estimations.append(EstimationSummary(planned, outcome))
      planner?.releaseExamples(of: index)
    }
    return result
  }
}
