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
  var options = EstimationOptions()

  /// What the root has at the end.
  struct Outcome {
    /// In the order of the plan's kinds; reduced on the root, this rank's share elsewhere.
    let statistics: [(kind: StatisticKind, statistic: any Statistic<Float>)]
    let examples: Int
    let tokens: Int
    let seconds: Double
    /// How often all blocks were evaluated: 2 where the measured examples' magnitudes were not typical.
    let passes: Int
    /// The examples that were used, as indices of those given, in the order of their rows.
    var used: [Int] = []
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
          encoder: encoder, statistics: plan.emptyStatistics(of: model, options),
          expectation: plan.sampling.expectation, seed: plan.sampling.seed, pieceTokens: plan.pieceTokens)
      )
    }
    let own = OwnPredictions(of: model, on: examples)
    estimator.seeLogits = { own?.note($0, $1) }
    let rounds = rounds(of: examples)
    if rounds[0].count < communicator.size {
      session.console.note(
        "\(planned.name): \(rounds[0].count) blocks for \(communicator.size) ranks, so "
          + "\(communicator.size - rounds[0].count) of them are idle")
    }

    let measured =
      session.isRoot
      ? (plan.measuredBatch(of: examples, in: rounds[0]) ?? Self.measuredBlocks(of: examples, in: rounds[0])) : []
    let count = max(1, measured.reduce(0) { $0 + $1.rows.count })
    let total = rounds.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
    // How many rounds it takes is found out in the first pass; a second one evaluates the same examples.
    var used = 0
    let passes = try CollectiveSums(communicator: communicator, sums: estimator.statistics.map(\.sums)).estimate(
      times: (total + count - 1) / count,
      measure: {
        for block in measured { try naming { () throws(EstimationError) in try estimator.add(block) } }
      },
      evaluate: { pass in
        if pass == 1 {
          used = try evaluate(rounds, of: examples, by: estimator)
        } else {
          try evaluate(
            rounds[..<used].flatMap { $0 }, of: examples, by: estimator, progress: progress(examples, again: true))
        }
      },
      refused: { tensors in
        session.console.note(
          "\(planned.name): the measured examples were not typical for \(tensors.count) tensors (\(tensors.first ?? "")); "
            + "all blocks are evaluated once more")
      })
    if let finding = try own?.finding(communicator) { session.console.warn(finding.text(model: planned.name)) }
    let indices = rounds[..<used].flatMap { $0.flatMap { $0 } }.sorted()
    return Outcome(
      statistics: Array(zip(plan.statistics, estimator.statistics)), examples: indices.count,
      tokens: indices.reduce(0) { $0 + examples.length($1) }, seconds: (ContinuousClock.now - start).seconds,
      passes: passes, used: indices)
  }

  /// The examples that tell the magnitudes from which the sums' units are chosen: at most eight, evenly from the longest to the
  /// shortest, in blocks no larger than any other. Few, because the other ranks wait for them.
  static func measuredBlocks(of examples: TokenizedExamples, in blocks: [[Int]]) -> [ExampleBlock] {
    let order = blocks.flatMap { $0 }
    let count = min(8, order.count)
    let chosen = (0..<count).map { order[(2 * $0 + 1) * order.count / (2 * count)] }
    return Self.blocks(of: chosen, examples).map { ExampleBlock($0, of: examples) }
  }

  /// Evaluates one round after the other until the statistics are known as well as was asked for.
  ///
  /// - Returns: how many rounds it took.
  ///
  /// **Collective.**
  private func evaluate(
    _ rounds: [[[Int]]], of examples: TokenizedExamples, by estimator: BlockEstimator<Float>
  ) throws -> Int {
    let progress = progress(examples, again: false)
    var done = 0
    for (index, round) in rounds.enumerated() {
      try evaluate(round, of: examples, by: estimator, progress: progress)
      done += round.reduce(0) { $0 + $1.count }
      guard let limit = options.largestError, index + 1 < rounds.count else { continue }
      if try isKnown(within: limit, examples: done, estimator) { return index + 1 }
    }
    return rounds.count
  }

  private func progress(_ examples: TokenizedExamples, again: Bool) -> Progress {
    Progress(
      again ? "\(planned.name), again with wider sums" : planned.name, total: examples.count, console: session.console)
  }

  private static let blocksPerAgreement = 8

  /// Evaluates this rank's share of some blocks. **Collective.**
  private func evaluate(
    _ blocks: [[Int]], of examples: TokenizedExamples, by estimator: BlockEstimator<Float>, progress: Progress
  ) throws {
    let (size, rank) = (session.communicator.size, session.communicator.rank)
    let own = stride(from: rank, to: blocks.count, by: size).map { blocks[$0] }
    // All ranks agree every few blocks, so that a failure ends the job soon and with one message. The shares differ by one block
    // at most, and the number of agreements must not.
    let largestShare = (blocks.count + size - 1) / size
    for start in stride(from: 0, to: largestShare, by: Self.blocksPerAgreement) {
      try session.communicator.agree {
        for block in own.dropFirst(start).prefix(Self.blocksPerAgreement) {
          try naming { () throws(EstimationError) in try estimator.add(ExampleBlock(block, of: examples)) }
          progress.advance(by: block.count * size)
        }
      }
    }
    progress.finish()
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
  func statistic(of model: StoredModel, _ options: EstimationOptions = EstimationOptions()) -> any Statistic<Float> {
    switch self {
    case .maskFisher: MaskFisher<Float>(configuration: model.configuration)
    case .fisher: DiagonalFisher<Float>(parameters: model.parameters)
    case .gram:
      GramMatrices<Float>(
        configuration: model.configuration, includingClassifier: options.includesClassifier)
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
