import Datasets
import Estimation
import MessagePassing
import Planning

/// One model's examples, of which each rank that may have them has some blocks: what merges in forward order send
/// through the layers.
struct RankExamples {
  /// This rank's own; on the rank that holds all of them those follow that tell the magnitudes from which units are
  /// chosen.
  let blocks: [ExampleBlock]
  let own: Range<Int>
  let measured: Range<Int>
  /// The rank with the measured ones.
  let owner: Int
  /// Of all ranks.
  let examples, tokens: Int
  /// How many times the measured examples go into all.
  let times: Int

  /// Gives a model's examples to the ranks that may have them. **Collective.**
  ///
  /// - Parameter model: also decides which ranks have one block more.
  init(_ model: Int, of held: HeldExamples) throws {
    let group = held.group(of: model)
    var received: [UInt8] = []
    let root = held.examples(of: model)
    if let group { received = try group.broadcast(root?.bytes ?? []) }
    let owner = held.owner(of: model)
    self.owner = owner
    let all = try held.communicator.agree(in: "sharing the examples") {
      try group == nil ? nil : root ?? TokenizedExamples(decoding: received)
    }
    var (mine, sample): ([ExampleBlock], [ExampleBlock]) = ([], [])
    if let group, let all {
      let plan = BlockPlan(all, maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples).blocks
      mine = plan.filter { ($0.index + model) % group.size == group.rank }.map { ExampleBlock($0, of: all) }
      if group.isRoot { sample = Plan.measuredBlocks(of: all, in: plan.map(\.examples)) }
    }
    blocks = mine + sample
    own = 0..<mine.count
    measured = mine.count..<blocks.count
    // What those may know that have none of them.
    let measuredCount = sample.reduce(0) { $0 + $1.rows.count }
    var sizes = [all?.count ?? 0, all?.tokenCount ?? 0, max(1, measuredCount)].map(Int64.init)
    try sizes.withUnsafeMutableBufferPointer { try held.communicator.broadcast($0, root: owner) }
    (examples, tokens) = (Int(sizes[0]), Int(sizes[1]))
    times = (examples + Int(sizes[2]) - 1) / Int(sizes[2])
  }
}
