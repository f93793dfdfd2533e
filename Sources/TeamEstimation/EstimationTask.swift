import Foundation
import Scheduling

/// One model of a plan whose statistics are to be estimated, as all ranks know it.
package struct EstimationTask: Codable, Sendable {
  /// The model's place in the plan.
  let model: Int
  /// ``Plan/taskHash(of:_:)``; empty until it is known, as the next two.
  var hash = ""
  /// SHA-256 of the model and of the data file, for the description of the statistics.
  package var modelHash = ""
  package var dataHash = ""
  /// How many 64-bit words its sums and its model's predictions take.
  var words = 0
  /// The pass that is under way, from 1.
  var pass = 1
  /// By statistic; nil before they are measured.
  var exponents: [[Int]]?
  var settled: [Set<Int>] = []
  /// The blocks that were done before, and the files or the memory that have their sums.
  var done = BlockSet()
  var files: [String] = []
  /// The ranks' seconds that this took.
  var seconds = 0.0
  /// What computed the sums that were found in checkpoints; see `Session.processors`.
  var processors: [String] = []
  /// The blocks that the pass is over, where the pass before has decided that; nil for all, or for as many rounds as it
  /// takes.
  var goal: BlockSet?

  /// What computed the sums, those from checkpoints included: each kind once, as `Session.processors` has them.
  package func processors(with own: String) -> String {
    var kinds: [String] = []
    for kind in ([own] + processors).flatMap({ $0.components(separatedBy: " | ") }) where !kinds.contains(kind) {
      kinds.append(kind)
    }
    return kinds.joined(separator: " | ")
  }
}

/// What a pass over some tasks is to do; the root's, shared with all ranks.
struct PassOrders: Codable, Sendable {
  let tasks: [EstimationTask]
  let schedule: EstimationSchedule
  /// The number of the next checkpoint files.
  let generation: Int
  /// Whether sums stay where they are at the end, because more blocks may follow.
  let keepsSums: Bool
}
