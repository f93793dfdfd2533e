import Checkpoints
import Encoders
import Estimation
import Foundation
import Planning
import SystemPackage
import Workbench

/// Our speed against another framework's, on the same examples and the same core, in turns.
struct PeerComparison {
  let bench: Bench
  let python: String
  let script: String

  /// Examples on which both must agree before anything is timed.
  private static let checked = 3

  init(_ bench: Bench, python: String, script: String) {
    (self.bench, self.python, self.script) = (bench, python, script)
  }

  /// One model, here and there.
  private struct Subject {
    let peer: Peer
    let stored: StoredModel
    let encoder: Encoder<Float>
  }

  func run(_ results: inout Results) throws {
    try bench.examples.writeIDs(to: examplesFile)
    say("starting the peer")
    let peer = try start(bench.programs.path("a"))
    results.describe("peer", "the peer", peer.note.isEmpty ? peer.framework : "\(peer.framework), \(peer.note)")
    let base = try compareBase(Subject(peer: peer, stored: bench.stored, encoder: bench.two), &results)
    guard peer.shortName == "pytorch", let base else { return }
    for shape in bench.settings.ownLayers where shape.hasOwnAttention { try compare(shape, base: base, &results) }
  }

  private var examplesFile: FilePath { bench.programs.path("examples.json") }

  private func start(_ directory: FilePath) throws -> Peer {
    try Peer(python: python, script: script, model: directory, examples: examplesFile)
  }

  /// - Returns: how many times as long the framework takes by default.
  private func compareBase(_ subject: Subject, _ results: inout Results) throws -> Double? {
    let peer = subject.peer
    for variant in peer.variants { try verify(subject, variant) }
    var batches: [String: Int] = [:]
    for variant in peer.variants { batches[variant] = try fastestBatch(peer, variant) }

    let settings = bench.settings
    let masks = try bench.maskFisher(bench.two)
    let full = try bench.estimator(bench.two, DiagonalFisher(parameters: bench.stored.parameters))
    for estimator in [masks, full] { try estimator.add(bench.blocks[0]) }
    let count = min(settings.loopExamples, bench.examples.count)
    func loop(_ variant: String) -> JSON { ["do": "loop", "variant": .string(variant), "count": .integer(count)] }
    if peer.compiles { _ = try peer.ask(loop("default")) }
    var maskRatios: [String: [Double]] = [:]
    var loopRatios: [String: [Double]] = [:]
    for turn in 0..<max(3, settings.programTurns) {
      say("turn \(turn + 1) of \(max(3, settings.programTurns)) with \(peer.framework)")
      for variant in peer.variants {
        maskRatios[variant, default: []].append(try maskRatio(masks, peer, variant, batch: batches[variant] ?? 1))
        let ownFull = try processorSeconds { for block in bench.blocks { try full.add(block) } }
        let theirs = try peer.seconds(loop(variant))
        // By token: the loop got some of the examples only.
        let share = Double(bench.examples.first(count).tokens) / Double(bench.examples.tokens)
        loopRatios[variant, default: []].append(theirs / (ownFull * share))
      }
    }
    try peer.end()

    let name = peer.shortName
    for (variant, goal) in [("default", 2.5), ("tuned", 1.6)] {
      let title = "mask Fisher ÷ \(peer.framework), \(variant)"
      if let ratios = maskRatios[variant] {
        results.add(
          "mask_over_\(name)_\(variant)", "\(title) (\(Self.how(batches[variant])))", median(ratios),
          goal: .atLeast(goal))
      } else if name == "pytorch" {
        results.skip("mask_over_\(name)_\(variant)", title, because: "not exact here", goal: .atLeast(goal))
      }
    }
    for (variant, goal) in [("default", Goal.atLeast(6)), ("tuned", nil)] {
      guard let ratios = loopRatios[variant] else { continue }
      results.add(
        "full_over_\(name)_loop_\(variant)",
        "full Fisher ÷ a loop, \(peer.framework), \(variant), one by one",
        median(ratios), goal: goal)
    }
    return maskRatios["default"].map(median)
  }

  /// The mask Fisher of another family, by the framework's default: at least as many times as fast as BERT's.
  private func compare(_ shape: ModelShape, base: Double, _ results: inout Results) throws {
    let directory = try bench.write(shape)
    let stored = try StoredModel(directory: directory)
    let encoder = Encoder(weights: try stored.singlePrecisionWeights())
    say("starting the peer with \(shape.name)")
    let peer = try start(directory)
    try verify(Subject(peer: peer, stored: stored, encoder: encoder), "default")
    let batch = try fastestBatch(peer, "default")
    let masks = try bench.maskFisher(encoder)
    try masks.add(bench.blocks[0])
    let ratios = try (0..<max(3, bench.settings.programTurns)).map { _ in
      try maskRatio(masks, peer, "default", batch: batch)
    }
    try peer.end()
    try FileManager.default.removeItem(atPath: directory.string)
    results.add(
      "\(shape.rowName)_mask_over_pytorch_default",
      "the same, \(shape.name), default (\(Self.how(batch))); goal: BERT's", median(ratios), goal: .atLeast(base))
  }

  private static func how(_ batch: Int?) -> String { batch == 1 ? "one by one" : "batches of \(batch ?? 0)" }

  /// How many times as long the peer takes for all examples.
  private func maskRatio(
    _ masks: BlockEstimator<Float>, _ peer: Peer, _ variant: String, batch: Int
  ) throws -> Double {
    let own = try processorSeconds { for block in bench.blocks { try masks.add(block) } }
    return try peer.seconds(["do": "mask", "variant": .string(variant), "batch": .integer(batch)]) / own
  }

  /// The batch size with which the peer is fastest; 1 is one by one. The first run of each warms up.
  private func fastestBatch(_ peer: Peer, _ variant: String) throws -> Int {
    var best = (batch: 1, seconds: Double.infinity)
    for batch in peer.batches where batch <= bench.examples.count {
      say("\(peer.framework), \(variant): batches of \(batch)")
      let command: JSON = ["do": "mask", "variant": .string(variant), "batch": .integer(batch)]
      if peer.compiles { _ = try peer.ask(command) }
      let seconds = try peer.seconds(command)
      if seconds < best.seconds { best = (batch, seconds) }
    }
    return best.batch
  }

  /// Requires that the peer's Fishers are ours, on a few examples.
  private func verify(_ subject: Subject, _ variant: String) throws {
    let peer = subject.peer
    say("\(peer.framework), \(variant): comparing statistics")
    let count = min(Self.checked, bench.examples.count)
    let answer = try peer.ask(["do": "check", "variant": .string(variant), "count": .integer(count)])
    let blocks = bench.examples.first(count).blocks(
      maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples)
    let masks = try bench.maskFisher(subject.encoder)
    let parameters = subject.stored.parameters
    let full = try bench.estimator(subject.encoder, DiagonalFisher(parameters: parameters))
    for block in blocks {
      try masks.add(block)
      try full.add(block)
    }
    for (slot, name) in ["head_mask", "neuron_mask"].enumerated() {
      let theirs = (answer[name]?.array ?? []).compactMap(\.double)
      try require(masks.statistics[0].sums.values(slot), theirs, name, peer, variant)
    }
    let sums = full.statistics[0].sums
    let theirs = parameters.map { answer["traces"]?[$0.name]?.double ?? .nan }
    let ours = parameters.indices.map { sums.values(parameters.count + $0)[0] }
    // The keys' biases have a Fisher of 0, and rounding noise elsewhere.
    let kept = parameters.indices.filter { ours[$0] != 0 }
    try require(kept.map { ours[$0] }, kept.map { theirs[$0] }, "trace", peer, variant)
  }

  private func require(_ ours: [Double], _ theirs: [Double], _ what: String, _ peer: Peer, _ variant: String) throws {
    let largest = ours.map(abs).max() ?? 0
    let isSame =
      ours.count == theirs.count
      && zip(ours, theirs).allSatisfy { abs($0 - $1) <= 1e-3 * abs($0) + 1e-6 * largest }
    guard isSame else {
      throw BenchmarkError.peer(
        "\(peer.framework), \(variant), has another \(what) than this program: nothing is compared")
    }
  }
}
