import Workbench
import Encoders
import Estimation
import Foundation
import Planning

/// The base model's files and examples, which most measurements share.
final class Bench {
  let settings: Settings
  let programs: Programs
  let examples: SyntheticExamples
  let blocks: [ExampleBlock]
  let stored: StoredModel
  let two: Encoder<Float>
  let expected = Expectation.expected

  init(_ settings: Settings, programs: Programs) throws {
    self.settings = settings
    self.programs = programs
    say("writing two models of the shape of \(settings.base.name)")
    for (index, name) in ["a", "b"].enumerated() {
      try FileManager.default.createDirectory(
        atPath: programs.path(name).string, withIntermediateDirectories: true)
      try SyntheticModel(settings.base.configuration(classes: 2), seed: UInt64(index + 1)).write(
        to: programs.path(name))
    }
    examples = SyntheticExamples(
      count: Cuts.fullest(from: settings.examples), vocabulary: settings.commonVocabulary)
    blocks = examples.blocks(maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples)
    stored = try StoredModel(directory: programs.path("a"))
    two = Encoder(weights: try stored.singlePrecisionWeights())
  }

  func maskFisher(_ encoder: Encoder<Float>) throws -> BlockEstimator<Float> {
    try estimator(encoder, MaskFisher(configuration: encoder.configuration))
  }

  /// An estimator whose sums have their units, as after the first blocks of a run.
  func estimator(_ encoder: Encoder<Float>, _ statistic: any Statistic<Float>) throws -> BlockEstimator<Float> {
    let estimator = BlockEstimator(encoder: encoder, statistics: [statistic], expectation: expected, seed: 0)
    let some = examples.first(2).blocks(maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples)
    try estimator.measure(some, times: 1000)
    return estimator
  }

  /// The rows about one core and the base model.
  func statistics(_ results: inout Results) throws {
    let shape = settings.base
    say("\(shape.name), \(examples.count) examples, \(examples.tokens) tokens, \(blocks.count) blocks")
    let threeClasses = SyntheticModel(shape.configuration(classes: 3))
    let three = Encoder(weights: try threeClasses.weights(sharing: stored))
    let (maskTwo, maskThree) = (try maskFisher(two), try maskFisher(three))
    let full = try estimator(two, DiagonalFisher(parameters: stored.parameters))
    let gram = try estimator(two, GramMatrices(configuration: two.configuration))
    let replay = ProductReplay(weights: two.weights, columns: 1)
    let watcher = InputWatcher()

    let masks = BlockTask("mask Fisher") { try maskTwo.add($0) }
    let masks3 = BlockTask("with three classes") { try maskThree.add($0) }
    let fisher = BlockTask("full Fisher") { try full.add($0) }
    let grams = BlockTask("Gram matrices") { try gram.add($0) }
    let forward = BlockTask("forward") { [two] in _ = two.forward($0.batch) }
    let whole = BlockTask("forward over all tokens") { [two] in _ = two.forward($0.batch, observers: [watcher]) }
    let products = BlockTask("the products alone") { replay.run($0.batch.segments) }
    let peak = Peak(rows: settings.peakRows)
    try takeTurns(
      [masks, products, fisher, whole, grams, masks3, forward], over: blocks, turns: settings.turns, peak: peak)

    let (work2, work3) = (work(shape, classes: 2), work(shape, classes: 3))
    results.add("peak_sgemm", "peak: one product, best of a turn", median(peak.best), unit: "GFLOP/s")
    results.add(
      "mask_fisher_2_classes", "mask Fisher, two classes, useful FLOP/s ÷ peak",
      share(work2, masks, peak), goal: .atLeast(0.85))
    results.add(
      "mask_fisher_3_classes", "mask Fisher, three classes, useful FLOP/s ÷ peak",
      share(work3, masks3, peak), goal: .atLeast(0.85))
    results.add(
      "full_over_mask", "full Fisher ÷ mask Fisher, time", medianRatio(fisher.seconds, masks.seconds),
      goal: .atMost(1.7))
    results.add(
      "gram_over_forward", "Gram matrices ÷ forward over all tokens, time", medianRatio(grams.seconds, whole.seconds),
      goal: .atMost(1.9))
    results.add(
      "gram_over_first_token_forward", "Gram matrices ÷ forward as the head needs it, time",
      medianRatio(grams.seconds, forward.seconds))
    results.add(
      "not_products", "mask Fisher: share of the time that is not a matrix product",
      1 - medianRatio(products.seconds, masks.seconds), goal: .atMost(0.12))
    for (name, title, task) in [
      ("mask_fisher_rate", "mask Fisher, two classes", masks), ("full_fisher_rate", "full Fisher, two classes", fisher),
      ("gram_rate", "Gram matrices", grams),
    ] {
      results.add(name, title, Double(examples.count) / median(task.seconds), unit: "examples/s")
    }
  }

  func work(_ shape: ModelShape, classes: Int) -> Double {
    UsefulWork(shape.configuration(classes: classes), blocks: blocks.map { $0.batch.segments.lengths })
      .maskFisher(columns: classes - 1)
  }

  /// Useful operations per second ÷ the peak of the same turn.
  private func share(_ work: Double, _ task: BlockTask, _ peak: Peak) -> Double {
    medianRatio(task.seconds.map { 1e-9 * work / $0 }, peak.best)
  }

  /// The mask Fisher of small models.
  func smallModels(_ results: inout Results) throws {
    for (shape, name, goal) in [
      (settings.bertTiny, "bert_tiny", Goal.atLeast(0.4)), (settings.miniLM, "minilm", Goal.atLeast(0.7)),
    ] {
      let encoder = Encoder(weights: SyntheticModel(shape.configuration(classes: 2)).weights)
      let estimator = try maskFisher(encoder)
      let masks = BlockTask("mask Fisher of a model like \(shape.name)") { try estimator.add($0) }
      let peak = Peak(rows: settings.peakRows)
      // As many as need half a second at 100 GFLOP/s.
      let work = work(shape, classes: 2)
      let repetitions = settings.base.hidden < 100 ? 1 : Int(max(1, 0.5e11 / work))
      try takeTurns(
        [masks], over: blocks, turns: max(3, settings.turns), repetitions: repetitions, peak: peak)
      results.add(
        "\(name)_mask_fisher", "mask Fisher, \(shape.hidden) wide like \(shape.name), useful FLOP/s ÷ peak",
        share(work, masks, peak), goal: goal)
    }
  }
}

/// Asks to see all inputs, so that the last layer is computed for all tokens, and does nothing with them.
private final class InputWatcher: EncoderObserver {
  typealias Scalar = Float
  let interests: ObserverInterests = .inputs
}
