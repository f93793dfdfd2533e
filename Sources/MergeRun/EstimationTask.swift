import Checkpoints
import Crypto
import Datasets
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Scheduling
import SystemPackage

/// One model of a plan whose statistics are to be estimated, as all ranks know it.
struct EstimationTask: Codable, Sendable {
  /// The model's place in the plan.
  let model: Int
  /// ``Plan/taskHash(of:_:)``; empty until it is known, as the next two.
  var hash = ""
  /// SHA-256 of the model and of the data file, for the description of the statistics.
  var modelHash = ""
  var dataHash = ""
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
  /// The blocks that the pass is over, where the pass before has decided that; nil for all, or for as many rounds as it takes.
  var goal: BlockSet?
}

/// What a sweep over some tasks is to do; the root's, shared with all ranks.
struct SweepOrders: Codable, Sendable {
  let tasks: [EstimationTask]
  let schedule: EstimationSchedule
  /// The number of the next checkpoint files.
  let generation: Int
  /// Whether sums stay where they are at the end, because more blocks may follow.
  let keepsSums: Bool
}

extension Plan {
  /// SHA-256 of all that decides the sums of one model, in hexadecimal: the same in another recipe.
  func taskHash(of model: Int, _ options: EstimationOptions) throws -> String {
    var work = self
    work.models = [models[model]]
    work.models[0].name = ""
    work.models[0].weight = 1
    work.models[0].validation = nil
    work.method = .linear
    work.rule = .linear
    work.preset = nil
    work.heads = .keep
    work.outputType = .float32
    let rounds = options.largestError.map { "\($0) \(options.firstRound)" } ?? ""
    return hexadecimalHash(of: "\(try work.hash()) \(options.includesClassifier) \(rounds)")
  }

  /// The predicted work of one block of a model, in floating-point operations.
  func work(of block: [Int], _ examples: TokenizedExamples, _ configuration: EncoderConfiguration) -> Double {
    let lengths = block.map { examples.length($0) }
    return Forecast.operations(
      EncoderWork(
        configuration: configuration, tokens: Double(lengths.reduce(0, +)), examples: Double(lengths.count),
        squaredLengths: Double(lengths.reduce(0) { $0 + $1 * $1 })), plan: self)
  }
}

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

/// Where a rank finds a task's model and examples.
struct TaskSource {
  let plan: Plan
  let options: EstimationOptions
  let directory: CheckpointDirectory
  /// By model; empty where ranks read them from the directory.
  let examples: [Int: TokenizedExamples]

  /// A task with everything that evaluating it needs.
  struct Opened {
    let model: StoredModel
    let examples: TokenizedExamples
    /// The blocks of all rounds.
    let blocks: [[Int]]
  }

  /// **Not collective.**
  func open(_ model: Int) throws -> Opened {
    let examples = try examples(of: model)
    return Opened(
      model: try SharedPlan.open(plan.models[model]), examples: examples,
      blocks: rounds(of: examples).flatMap { $0 })
  }

  func examples(of model: Int) throws -> TokenizedExamples {
    if let found = examples[model] { return found }
    let file = try MappedFile(path: directory.examples(of: plan.models[model].name))
    return try TokenizedExamples(decoding: Array(file.bytes))
  }

  /// The blocks of each round, as indices of examples; one round of all where nothing is to be decided on the way.
  func rounds(of examples: TokenizedExamples) -> [[[Int]]] {
    guard options.largestError != nil else { return [Plan.blocks(of: examples, plan.compatibility, plan.sampling)] }
    return examples.rounds(first: options.firstRound, seed: plan.sampling.seed).map { Plan.blocks(of: $0, examples) }
  }

  /// The exponents of the units of a task's sums, from a few examples. **Not collective.**
  func measure(_ opened: Opened, naming name: (() throws(EstimationError) -> Void) throws -> Void) throws -> [[Int]] {
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try opened.model.singlePrecisionWeights()),
      statistics: plan.emptyStatistics(of: opened.model, options), expectation: plan.sampling.expectation,
      seed: plan.sampling.seed, pieceTokens: plan.pieceTokens)
    let first = rounds(of: opened.examples)[0]
    let measured =
      plan.measuredBatch(of: opened.examples, in: first) ?? Plan.measuredBlocks(of: opened.examples, in: first)
    let count = max(1, measured.reduce(0) { $0 + $1.rows.count })
    let total = opened.blocks.reduce(0) { $0 + $1.count }
    try name { () throws(EstimationError) in try estimator.measure(measured, times: (total + count - 1) / count) }
    return estimator.statistics.map { $0.sums.exponents.map { $0 ?? 0 } }
  }
}
