import Checkpoints
import ModelMerging
import Recipes
import Sessions
import SystemPackage

/// A merge from recipe to output directory: plan, statistics, merge, write.
package struct MergeRun {
  let session: Session
  let recipe: FilePath
  let output: FilePath
  let shardBytes: Int
  let checkpoints: CheckpointSettings
  /// What a rank may keep of activations; nil for all.
  let activationBytes: Int?

  package init(
    session: Session, recipe: FilePath, output: FilePath, shardBytes: Int = ShardedWriter.defaultShardBytes,
    checkpoints: CheckpointSettings = CheckpointSettings(), activationBytes: Int? = nil
  ) {
    self.activationBytes = activationBytes
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
    let completed = CompletedOutput(output, resumes: checkpoints.resumes)
    let run = try PlannedRun(session, output: output, checkpoints, activationBytes: activationBytes) { directory in
      try session.plan(allowsSites: true) {
        try completed.check()
        try directory.check(resumes: checkpoints.resumes)
        return try Recipe(path: recipe, methods: MergeMethods.declarations)
      } check: { root in
        guard activationBytes != nil else { return }
        if case .distillation = try root.plan.mergeMethod().phase { return }
        throw RunError.noActivations(recipe, method: root.plan.method?.method ?? "")
      }
    }
    let found = try completed.find(run)
    if found.isThere { return found.record }
    if let root = run.root { session.announce(root.plan, root.inputs) }
    return try run.withCheckpoints(isNeeded: run.plan.estimates || run.plan.isLayerwise) {
      try MergeCompletion(run: run, shardBytes: shardBytes, statistics: try run.estimate(), search: nil).complete()
    }
  }
}
