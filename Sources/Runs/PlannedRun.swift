import Encoders
import MessagePassing
import Planning
import Recipes
import Sessions
import SystemPackage
import TeamEstimation
import Terminal

/// What the root alone has of a run: what it planned, and what it opened for that.
struct RootInputs {
  /// Nil for an estimation, which has no recipe.
  let recipe: Recipe?
  let plan: Plan
  let inputs: Inputs
  /// Of the files, before they were read.
  let stamps: InputStamps
}

/// What planning gives on any rank.
struct PlannedInputs {
  /// Nil on all ranks but the root.
  let root: RootInputs?
  let sites: RunSites
}

/// A run after its planning: the skeleton that all commands on many ranks share. Plan, share it, open the checkpoints,
/// do the phases.
final class PlannedRun {
  let session: Session
  let output: FilePath
  let checkpoints: CheckpointSettings
  /// What a rank may keep of activations; nil for all.
  let activationBytes: Int?
  let directory: CheckpointDirectory
  /// The same on all ranks.
  var plan: Plan
  /// Nil on all ranks but the root.
  let root: RootInputs?
  let sites: RunSites
  var clock = PhaseClock()

  var communicator: Communicator { session.communicator }

  /// Plans on the root, and gives the plan to all ranks.
  ///
  /// - Parameter prepare: plans; collective.
  ///
  /// **Collective.**
  init(
    _ session: Session, output: FilePath, _ checkpoints: CheckpointSettings, activationBytes: Int? = nil,
    _ prepare: (CheckpointDirectory) throws -> PlannedInputs
  ) throws {
    self.session = session
    self.output = output
    self.checkpoints = checkpoints
    self.activationBytes = activationBytes
    directory = CheckpointDirectory(checkpoints, output: output)
    let planned = try prepare(directory)
    (root, sites) = (planned.root, planned.sites)
    plan = try SharedPlan.share(root?.plan, session.communicator)
    try session.requireMemory(root.map { MemoryDemand($0.plan, $0.inputs.models, activationBytes: activationBytes) })
    clock.end("plan")
  }

  /// Runs what keeps its work in the directory of checkpoints.
  ///
  /// - Parameter isNeeded: whether anything will be kept.
  ///
  /// **Collective.**
  func withCheckpoints<Value>(isNeeded: Bool, _ body: () throws -> Value) throws -> Value {
    try session.withCheckpoints(in: directory, resumes: checkpoints.resumes, isNeeded: isNeeded) {
      guard isNeeded, let site = sites.session else { return try body() }
      return try site.withCheckpoints(
        in: siteDirectory, resumes: checkpoints.resumes, isNeeded: true, body)
    }
  }

  /// Where this rank's site keeps what it has done, on its own disk.
  private var siteDirectory: CheckpointDirectory {
    directory.ofSite(plan.models[sites.models.first ?? 0].name)
  }

  /// Every model's statistics, where the plan needs any. **Collective.**
  func estimate() throws -> StatisticsPhase.Result {
    guard plan.needsStatistics else { return StatisticsPhase.Result() }
    defer { clock.end("estimate") }
    guard sites.division.isFederated else {
      // Layers are merged, or heads solved, on the examples afterwards.
      return try statisticsPhase(plan).run(plan.readsExamplesAgain ? root?.inputs.copy() : root?.inputs)
    }
    return try SiteEstimation(self, siteDirectory).run()
  }

  /// The statistics of a plan that may differ from the run's in what it estimates.
  func statisticsPhase(_ plan: Plan) -> StatisticsPhase {
    StatisticsPhase(session: session, plan: plan, settings: checkpoints, directory: directory)
  }

  /// All models on every rank. **Collective.**
  func openModels() throws -> [StoredModel] {
    try communicator.agree(in: "opening the models") {
      try root?.inputs.models ?? plan.models.map { try SharedPlan.open($0) }
    }
  }
}

extension RootInputs {
  /// Refuses a choice of coefficients by the examples that only the report may see, whatever the file is called.
  func requireSeparateTests() throws(RunError) {
    guard let recipe else { return }
    let tests = Set(plan.models.compactMap(\.test?.digest))
    for (model, planned) in zip(recipe.models, plan.models) {
      guard let digest = planned.validation?.digest, tests.contains(digest) else { continue }
      throw .validationIsTest(recipe.path, line: model.line, model: model.name)
    }
  }
}
