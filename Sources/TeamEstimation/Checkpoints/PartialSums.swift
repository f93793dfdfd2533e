import Scheduling

/// What the sums in a checkpoint file are sums of.
package struct PartialSums: Codable, Sendable, Equatable {
  /// Of the layout of the files; those of another version are not read.
  var version = PartialSums.currentVersion
  /// The task; see ``Plan/taskHash(of:_:)``.
  var task: String
  /// The model, for people.
  var model: String
  /// How often all blocks were begun: 2 where the first units did not fit.
  var pass: Int
  /// By statistic, the exponents of the units, and which of them come from a whole pass.
  var exponents: [[Int]]
  var settled: [Set<Int>]
  /// The blocks whose terms are in the sums.
  var blocks: BlockSet
  /// The blocks that the pass is over; see ``EstimationTask/goal``.
  var goal: BlockSet?
  /// The time that ranks have spent on them, all together.
  var seconds: Double
  /// What computed them; see `Session.processors`.
  var processor: String

  static let currentVersion = 2

  package var blockCount: Int { blocks.count }

  /// Why these numbers cannot be what was written; nil where they can.
  var flaw: String? {
    if !(1...1000).contains(pass) { return "pass \(pass)" }
    if !(0..<1e9).contains(seconds) { return "\(seconds) seconds" }
    if (goal?.runs.last?.upperBound ?? 0) > 1 << 40 { return "blocks up to \(goal ?? BlockSet())" }
    if blocks.isEmpty || (blocks.runs.last?.upperBound ?? 0) > 1 << 40 { return "blocks \(blocks)" }
    if exponents.joined().contains(where: { !(-5000...5000).contains($0) }) { return "units that no number has" }
    if !settled.isEmpty, settled.count != exponents.count { return "settled units of \(settled.count) statistics" }
    return nil
  }
}
