import Datasets
import Diagnostics
import Encoders
import Estimation
import LinearAlgebra
import MessagePassing
import SystemPackage

/// The statistics of one model, estimated by all ranks together.
///
/// Each rank evaluates its share of the blocks; the shares are added as integers, so the result has the same bits for every number of
/// ranks and every assignment of blocks.
struct ModelEstimation {
  let session: Session
  let plan: Plan
  let planned: PlannedModel

  /// What the root has at the end.
  struct Outcome {
    /// In the order of the plan's kinds; reduced on the root, this rank's share elsewhere.
    let statistics: [(kind: StatisticKind, statistic: any Statistic<Float>)]
    let examples: Int
    let tokens: Int
    let seconds: Double
    /// How often all blocks were evaluated: 2 where the measured examples' magnitudes were not typical.
    let passes: Int
  }

  /// Runs all blocks.
  ///
  /// - Parameters:
  ///   - model: the same files on every rank.
  ///   - examples: the root's; the others get them by broadcast.
  ///
  /// **Collective.**
  func run(_ model: StoredModel, examples rootExamples: TokenizedExamples?) throws -> Outcome {
    let communicator = session.communicator
    let start = ContinuousClock.now
    let received = try communicator.broadcast(rootExamples?.bytes ?? [])
    let (examples, estimator) = try communicator.agree {
      let encoder = Encoder(weights: try model.singlePrecisionWeights())
      return (
        try rootExamples ?? TokenizedExamples(decoding: received),
        BlockEstimator(
          encoder: encoder, statistics: plan.emptyStatistics(of: model),
          expectation: plan.sampling.expectation, seed: plan.sampling.seed, pieceTokens: plan.pieceTokens)
      )
    }
    let blocks = Plan.blocks(of: examples, plan.compatibility, plan.sampling)
    let total = blocks.reduce(0) { $0 + $1.examples.count }
    let own = blocks.filter { $0.index % communicator.size == communicator.rank }
    if blocks.count < communicator.size {
      session.console.note(
        "\(planned.name): \(blocks.count) blocks for \(communicator.size) ranks, so "
          + "\(communicator.size - blocks.count) of them are idle")
    }

    try communicator.agreeOnRoot {
      let measured = plan.measuredBatch(of: examples, in: blocks) ?? Self.measuredBlocks(of: examples, in: blocks)
      let count = measured.reduce(0) { $0 + $1.rows.count }
      try naming { () throws(EstimationError) in
        try estimator.measure(measured, times: (total + count - 1) / count)
      }
    }
    try shareUnits(estimator)
    var passes = 0
    repeat {
      passes += 1
      try evaluate(own, blockCount: blocks.count, of: examples, by: estimator, pass: passes)
      try reduce(estimator)
    } while try needsAnotherPass(estimator)
    return Outcome(
      statistics: Array(zip(plan.statistics, estimator.statistics)), examples: total,
      tokens: examples.tokenCount, seconds: (ContinuousClock.now - start).seconds, passes: passes)
  }

  /// The examples that tell the magnitudes from which the sums' units are chosen: at most eight, evenly from the longest to the
  /// shortest, in blocks no larger than any other. Few, because the other ranks wait for them.
  private static func measuredBlocks(of examples: TokenizedExamples, in blocks: [Block]) -> [ExampleBlock] {
    let order = blocks.flatMap(\.examples)
    let count = min(8, order.count)
    let chosen = (0..<count).map { order[(2 * $0 + 1) * order.count / (2 * count)] }
    let plan = BlockPlan(
      lengths: chosen.map { examples.length($0) }, rowIndices: chosen.map { examples.rowIndices[$0] },
      maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples)
    return plan.blocks.map { block in ExampleBlock(block.examples.map { chosen[$0] }, of: examples) }
  }

  private static let blocksPerAgreement = 8

  /// Evaluates this rank's blocks. **Collective.**
  private func evaluate(
    _ own: [Block], blockCount: Int, of examples: TokenizedExamples, by estimator: BlockEstimator<Float>, pass: Int
  ) throws {
    let progress = Progress(
      pass == 1 ? planned.name : "\(planned.name), again with wider sums", total: examples.count,
      console: session.console)
    // All ranks agree every few blocks, so that a failure ends the job soon and with one message. The shares differ by one block
    // at most, and the number of agreements must not.
    let largestShare = (blockCount + session.communicator.size - 1) / session.communicator.size
    for start in stride(from: 0, to: largestShare, by: Self.blocksPerAgreement) {
      try session.communicator.agree {
        for block in own.dropFirst(start).prefix(Self.blocksPerAgreement) {
          try naming { () throws(EstimationError) in try estimator.add(ExampleBlock(block, of: examples)) }
          progress.advance(by: block.examples.count * session.communicator.size)
        }
      }
    }
    progress.finish()
  }

  /// Adds all ranks' sums on the root. **Collective.**
  private func reduce(_ estimator: BlockEstimator<Float>) throws {
    for statistic in estimator.statistics {
      try session.communicator.reduce(statistic.sums.units.vector.buffer, .sum)
      try session.communicator.reduce(statistic.sums.tallies.vector.buffer, .sum)
      try session.communicator.reduce(statistic.sums.magnitudes.vector.buffer, .maximum)
    }
  }

  /// The root's verdict on the reduced sums, for all; where another pass is needed, everything is set back for it. **Collective.**
  private func needsAnotherPass(_ estimator: BlockEstimator<Float>) throws -> Bool {
    var refused: [String] = []
    if session.isRoot { for statistic in estimator.statistics { refused += statistic.sums.assess() } }
    guard try session.communicator.broadcast(Int64(refused.count)) > 0 else { return false }
    session.console.note(
      "\(planned.name): the measured examples were not typical for \(refused.count) tensors (\(refused.first ?? "")); "
        + "all blocks are evaluated once more")
    for statistic in estimator.statistics { statistic.sums.clear() }
    try shareUnits(estimator)
    return true
  }

  /// Gives the root's units to all ranks. **Collective.**
  private func shareUnits(_ estimator: BlockEstimator<Float>) throws {
    for statistic in estimator.statistics {
      var exponents = statistic.sums.exponents.map { Int64($0 ?? 0) }
      try exponents.withUnsafeMutableBufferPointer { try session.communicator.broadcast($0) }
      statistic.sums.adopt(exponents: exponents.map { Int($0) })
    }
  }

  /// Adds the data file's name to an error that knows only the row.
  private func naming(_ body: () throws(EstimationError) -> Void) throws {
    do throws(EstimationError) {
      try body()
    } catch {
      throw RunError(error, in: planned.data?.file ?? planned.name)
    }
  }
}

extension StatisticKind {
  /// An empty statistic of this kind for a model.
  func statistic(of model: StoredModel) -> any Statistic<Float> {
    switch self {
    case .maskFisher: MaskFisher<Float>(configuration: model.configuration)
    case .fisher: DiagonalFisher<Float>(parameters: model.parameters)
    case .gram: GramMatrices<Float>(configuration: model.configuration)
    }
  }
}

extension ExampleBlock {
  /// The examples of a block, concatenated in the block's order.
  init(_ block: Block, of examples: TokenizedExamples) { self.init(block.examples, of: examples) }

  /// Examples by their indices, concatenated in the given order.
  init(_ indices: [Int], of examples: TokenizedExamples) {
    var tokens: [Int32] = []
    var types: [Int32] = []
    var offsets = [0]
    for index in indices {
      tokens += examples[index].ids
      types += examples[index].typeIDs
      offsets.append(tokens.count)
    }
    self.init(
      batch: TokenBatch(
        tokens: tokens, types: types,
        segments: Segments(offsets: offsets, attended: indices.map { examples.attendedLengths[$0] })),
      rows: indices.map { examples.rowIndices[$0] }, targets: indices.map { examples.targets[$0] })
  }
}
