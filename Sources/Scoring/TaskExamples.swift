import Datasets
import Encoders
import Foundation
import MessagePassing
import Metrics
import Planning
import Sessions

/// The labelled examples of one task, on every rank that may have them.
package struct TaskExamples {
  /// How many there are.
  package let count: Int
  /// Nil on a rank that may not have them.
  let held: Held?
  /// Where the examples stay at a site: the rank that scores them.
  let owner: Int?

  struct Held {
    let examples: TokenizedExamples
    let metrics: [Metric]
    let file: String
    /// The site's ranks; nil where all ranks have the examples.
    let site: Communicator?
  }

  /// The metrics that the task is scored by; empty on a rank that may not have the examples.
  package var metrics: [Metric] { held?.metrics ?? [] }

  /// What stays at sites.
  package struct SiteExamples {
    let sites: Sites
    /// This rank's site; nil where it has none.
    let communicator: Communicator?
    /// By model, on the first rank of a site.
    let own: [Int: TokenizedExamples]

    package init(sites: Sites, communicator: Communicator?, own: [Int: TokenizedExamples]) {
      (self.sites, self.communicator, self.own) = (sites, communicator, own)
    }
  }

  /// Gives the root's examples of all tasks to all ranks, and a site's to its own; nil for a task without any.
  /// **Collective.**
  ///
  /// - Parameters:
  ///   - examples: the root's; nil elsewhere.
  ///   - planned: what the plan says of them, on every rank.
  ///   - siteExamples: nil where none stay at a site.
  package static func share(
    _ examples: [TokenizedExamples?]?, _ planned: [PlannedData?], _ models: [StoredModel], _ communicator: Communicator,
    siteExamples: SiteExamples? = nil
  ) throws -> [TaskExamples?] {
    var tasks: [TaskExamples?] = []
    for (index, planned) in planned.enumerated() {
      guard let planned else {
        tasks.append(nil)
        continue
      }
      var (own, group, owner, site) = (
        examples?[index], Communicator?.some(communicator), Int?.none, Communicator?.none
      )
      if let siteExamples, let place = siteExamples.sites.ofModels[index] {
        group = siteExamples.sites.ofRanks[communicator.rank] == place ? siteExamples.communicator : nil
        (own, site, owner) = (siteExamples.own[index], group, siteExamples.sites.owner(of: index))
      }
      let received = try group?.broadcast(own?.bytes ?? []) ?? []
      let held = try communicator.agree(in: "sharing the examples") { () -> Held? in
        guard group != nil else { return nil }
        let examples = try own ?? TokenizedExamples(decoding: received)
        let labels = try LogitEvaluation.labels(of: examples, configuration: models[index].configuration)
        let task = models[index].settings["finetuning_task"]?.string
        return Held(
          examples: examples,
          metrics: try Evaluation.MetricChoice.recognized.metrics(for: labels, finetuningTask: task),
          file: planned.file, site: site)
      }
      tasks.append(TaskExamples(count: planned.examples, held: held, owner: owner))
    }
    return tasks
  }
}
