import Encoders
import Estimation
import Foundation
import Planning
import SystemPackage
import Workbench

extension Bench {
  /// The mask Fisher of the base models of other families beside BERT's, in turns.
  func families(_ results: inout Results) throws {
    for shape in settings.otherBases { try compareWithBase(shape, goal: 0.95, &results) }
    for shape in settings.ownLayers { try compareWithBase(shape, goal: shape.hasOwnAttention ? 0.8 : 0.9, &results) }
  }

  private func compareWithBase(_ shape: ModelShape, goal: Double, _ results: inout Results) throws {
    let encoder = Encoder(weights: SyntheticModel(shape.configuration(classes: 2)).weights)
    let (own, base) = (try maskFisher(encoder), try maskFisher(two))
    let masks = BlockTask("mask Fisher of a model like \(shape.name)") { try own.add($0) }
    let ofBase = BlockTask("mask Fisher of \(settings.base.name)") { try base.add($0) }
    try takeTurns([masks, ofBase], over: blocks, turns: settings.turns, peak: Peak(rows: settings.peakRows))
    let (useful, usefulOfBase) = (work(shape, classes: 2), work(settings.base, classes: 2))
    results.add(
      "\(shape.rowName)_mask_fisher", "mask Fisher, \(shape.name) ÷ \(settings.base.name), useful FLOP/s",
      medianRatio(masks.seconds.map { useful / $0 }, ofBase.seconds.map { usefulOfBase / $0 }), goal: .atLeast(goal))
  }

  /// Long texts in layers that see their neighbourhood only, and in the same layers where they see all.
  func longTexts(_ results: inout Results) throws {
    let (short, long) = settings.localLengths
    let vocabulary = settings.local.vocabulary
    let one = SyntheticExamples(lengths: [long], vocabulary: vocabulary)
    let many = SyntheticExamples(lengths: Array(repeating: short, count: long / short), vocabulary: vocabulary)
    func task(_ shape: ModelShape, _ examples: SyntheticExamples, _ name: String) throws -> BlockTask {
      let estimator = try maskFisher(Encoder(weights: SyntheticModel(shape.configuration(classes: 2)).weights))
      let blocks = examples.blocks(maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples)
      return BlockTask(name) { _ in for block in blocks { try estimator.add(block) } }
    }
    let tasks = [
      try task(settings.local, many, "local layers, \(short) tokens"),
      try task(settings.local, one, "\(long) tokens"),
      try task(settings.local.global, many, "global layers, \(short) tokens"),
      try task(settings.local.global, one, "\(long) tokens"),
    ]
    try takeTurns(
      tasks, over: Array(blocks.prefix(1)), turns: settings.programTurns, peak: Peak(rows: settings.peakRows))
    results.add(
      "local_layers_long_over_short", "local layers of ModernBERT, \(long) tokens ÷ \(short), time per token",
      medianRatio(tasks[1].seconds, tasks[0].seconds), goal: .atMost(1.1))
    results.add(
      "global_layers_long_over_short", "global layers of ModernBERT, \(long) tokens ÷ \(short), time per token",
      medianRatio(tasks[3].seconds, tasks[2].seconds))
  }

  /// Writes a model of this shape.
  func write(_ shape: ModelShape) throws -> FilePath {
    let directory = programs.path(shape.family)
    try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
    try SyntheticModel(shape.configuration(classes: 2)).write(to: directory)
    return directory
  }
}

extension ModelShape {
  /// For names of rows.
  var rowName: String { family.replacing("-", with: "_") }

  /// Whether its attention has further products, or windows.
  var hasOwnAttention: Bool { variant.disentangled != nil || variant.rotary != nil }
}
