import Checkpoints
import Foundation
import MessagePassing
import Planning
import Sessions
import SystemPackage
import TeamEstimation

/// The statistics of a federated run: every site estimates those of its models at the same time, with its own ranks, and
/// sends the root the files; then all ranks estimate what all may see.
///
/// A site's files are what `estimate` would write there: sums, counts and hashes.
struct SiteEstimation {
  private let planned: PlannedRun
  /// Of this rank's site.
  private let directory: CheckpointDirectory

  init(_ run: PlannedRun, _ directory: CheckpointDirectory) {
    planned = run
    self.directory = directory
  }

  private var plan: Plan { planned.plan }
  private var communicator: Communicator { planned.communicator }
  private var sites: RunSites { planned.sites }

  /// Every model's statistics, as if all had been estimated here. **Collective.**
  func run() throws -> StatisticsPhase.Result {
    let places = Array(plan.models.indices)
    let common = places.filter { sites.division.ofModels[$0] == nil }
    var own: [Int: (files: [FilePath], summary: EstimationSummary?)] = [:]
    let outcome = Result {
      guard let session = sites.session else { return }
      let sources = sites.models.compactMap { sites.own[$0] }
      let inputs = session.isRoot ? Inputs(ofSite: sources) : nil
      let part = part(of: sites.models)
      let result = try StatisticsPhase(
        session: session, plan: part, settings: planned.checkpoints, directory: directory, writesExamples: false
      ).run(inputs)
      for (place, model) in sites.models.enumerated() {
        own[model] = (result.files[place], result.estimations[place])
      }
    }
    try communicator.agree(in: "estimating at the sites", outcome)

    var files: [Int: [FilePath]] = [:]
    var summaries: [Int: EstimationSummary] = [:]
    for model in places where sites.division.ofModels[model] != nil {
      let (paths, summary) = try collect(model, own[model])
      (files[model], summaries[model]) = (paths, summary)
    }
    if !common.isEmpty {
      let inputs = planned.root?.inputs.part(common)
      let result = try planned.statisticsPhase(part(of: common)).run(inputs)
      for (place, model) in common.enumerated() {
        (files[model], summaries[model]) = (result.files[place], result.estimations[place])
      }
    }
    return StatisticsPhase.Result(files: places.map { files[$0] ?? [] }, estimations: places.map { summaries[$0] })
  }

  private func part(of models: [Int]) -> Plan {
    var part = plan
    part.models = models.map { plan.models[$0] }
    return part
  }

  /// Brings a site's file and what is said of it to the root, and the summary to all. **Collective.**
  private func collect(
    _ model: Int, _ own: (files: [FilePath], summary: EstimationSummary?)?
  ) throws -> (files: [FilePath], summary: EstimationSummary?) {
    let source = plan.models[model]
    let owner = sites.division.owner(of: model)
    let isOwner = communicator.rank == owner
    let summary = try communicator.broadcast(
      isOwner ? Array(try JSONEncoder().encode([own?.summary].compactMap(\.self))) : [], root: owner)
    let received = try JSONDecoder().decode([EstimationSummary].self, from: Data(summary)).first
    if let statistics = source.statistics { return (statistics.files.map { FilePath($0) }, received) }
    let path = planned.directory.statistics(of: source.name, plan.statistics)
    guard owner != Communicator.root || own?.files.first != path else { return ([path], received) }
    let file = try communicator.agree(in: "reading a site's statistics") {
      try isOwner ? own?.files.first.map { try MappedFile(path: $0) } : nil
    }
    let bytes = Int(try communicator.broadcast(Int64(file?.bytes.count ?? 0), root: owner))
    let target = try communicator.agreeOnRoot(in: "writing a site's statistics") {
      try AtomicFile(path, replacing: true)
    }
    for start in stride(from: 0, to: bytes, by: Self.piece) {
      let piece = start..<min(start + Self.piece, bytes)
      let message = MessageBuffer<UInt8>(count: piece.count)
      if let file {
        UnsafeMutableRawBufferPointer(message.elements).copyMemory(from: .init(rebasing: file.bytes[piece]))
      }
      if owner != Communicator.root {
        if isOwner { _ = try communicator.startSend(message, to: Communicator.root).wait() }
        if communicator.isRoot { _ = try communicator.startReceive(into: message, from: owner).wait() }
      }
      try communicator.agreeOnRoot(in: "writing a site's statistics") {
        try target?.output.write(UnsafeRawBufferPointer(message.elements))
      }
    }
    try communicator.agreeOnRoot(in: "writing a site's statistics") { try target?.commit() }
    return ([path], received)
  }

  /// As large as a message may well be.
  private static let piece = 4 << 20
}
