import Datasets
import Encoders
import Planning
import Scheduling

/// The blocks of a task, of all rounds, as the root divides them.
struct TaskBlocks {
  /// The number of blocks up to the end of each round.
  let ends: [Int]
  /// Of each block its predicted work and its number of examples.
  let work: [Double]
  let examples: [Int]

  var count: Int { work.count }

  init(_ rounds: [[[Int]]], _ examples: TokenizedExamples, _ plan: Plan, _ configuration: EncoderConfiguration) {
    ends = rounds.reduce(into: []) { $0.append(($0.last ?? 0) + $1.count) }
    let blocks = rounds.flatMap { $0 }
    work = blocks.map { plan.work(of: $0, examples, configuration) }
    self.examples = blocks.map(\.count)
  }

  /// The blocks of one round.
  func round(_ index: Int) -> BlockSet { BlockSet((index == 0 ? 0 : ends[index - 1])..<ends[index]) }
}
