import Datasets
import Estimation
import MessagePassing
import Planning

/// One model's examples, of which each rank has some blocks: what merges in forward order send through the layers.
struct RankExamples {
  /// This rank's own; on the root those follow that tell the magnitudes from which units are chosen.
  let blocks: [ExampleBlock]
  let own: Range<Int>
  let measured: Range<Int>
  /// Of all ranks.
  let examples, tokens: Int
  /// How many times the measured examples go into all.
  let times: Int

  /// Gives the root's examples to all ranks. **Collective.**
  ///
  /// - Parameter turn: of several models, which: so that ranks that have one block more change.
  init(_ root: TokenizedExamples?, turn: Int, _ communicator: Communicator) throws {
    let received = try communicator.broadcast(root?.bytes ?? [])
    let all = try communicator.agree(in: "sharing the examples") {
      try root ?? TokenizedExamples(decoding: received)
    }
    let plan = BlockPlan(all, maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples).blocks
    let mine = plan.filter { ($0.index + turn) % communicator.size == communicator.rank }.map {
      ExampleBlock($0, of: all)
    }
    let sample = communicator.isRoot ? Plan.measuredBlocks(of: all, in: plan.map(\.examples)) : []
    let count = max(1, sample.reduce(0) { $0 + $1.rows.count })
    blocks = mine + sample
    own = 0..<mine.count
    measured = mine.count..<blocks.count
    (examples, tokens) = (all.count, all.tokenCount)
    times = (all.count + count - 1) / count
  }
}
