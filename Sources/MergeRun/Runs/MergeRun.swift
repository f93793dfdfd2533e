import Checkpoints
import Encoders
import Foundation
import Merging
import MessagePassing
import SystemPackage

/// A merge from recipe to output directory: plan, statistics, merge, write.
///
/// The only place where models, statistics and ranks meet.
package struct MergeRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  let shardBytes: Int
  let checkpoints: CheckpointSettings

  package init(
    session: Session, recipe: FilePath, output: FilePath, shardBytes: Int = ShardedWriter.defaultShardBytes,
    checkpoints: CheckpointSettings = CheckpointSettings()
  ) {
    self.session = session
    self.recipe = recipe
    self.output = output
    self.shardBytes = shardBytes
    self.checkpoints = checkpoints
  }

  /// Runs the merge on all ranks; the root writes.
  ///
  /// - Returns: the manifest on the root, nil elsewhere.
  ///
  /// **Collective.**
  package func run() throws -> JSON? {
    var clock = PhaseClock()
    let directory = CheckpointDirectory(checkpoints, output: output)
    var prepared = try session.plan {
      try AtomicDirectory.check(output)
      try directory.check(resumes: checkpoints.resumes)
      return try Recipe(path: recipe)
    }
    let plan = try SharedPlan.share(prepared?.planner.plan, session.communicator)
    if let prepared { session.announce(prepared.planner) }
    clock.end("plan")

    return try session.withCheckpoints(
      in: directory, for: output, resumes: checkpoints.resumes, isNeeded: plan.estimates
    ) {
      var statistics = StatisticsPhase.Result()
      if plan.needsStatistics {
        let phase = StatisticsPhase(session: session, plan: plan, settings: checkpoints, directory: directory)
        var planner = prepared?.planner
        statistics = try phase.run(&planner)
        if let planner { prepared?.planner = planner }
        clock.end("estimate")
      }
      let merge = try session.communicator.agreeOnRoot(in: "reading the statistics") {
        try prepared?.merge(plan, statistics.files)
      }
      return try MergeCompletion(
        session: session, plan: plan, output: output, shardBytes: shardBytes, statistics: statistics, search: nil
      ).run(prepared, merge ?? nil, &clock)
    }
  }
}

extension Plan {
  /// Whether models' statistics are needed as a whole. RegMean++ has its own, layer by layer.
  var needsStatistics: Bool { !statistics.isEmpty && method != .regMeanPlusPlus }
  /// Whether any of them is to be estimated.
  var estimates: Bool { needsStatistics && models.contains { $0.statistics == nil } }
}
