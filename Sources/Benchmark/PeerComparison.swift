import Checkpoints
import Estimation
import Planning

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

  func run(_ results: inout Results) throws {
    let file = bench.programs.path("examples.json")
    try bench.examples.writeIDs(to: file)
    say("starting the peer")
    let peer = try Peer(python: python, script: script, model: bench.programs.path("a"), examples: file)
    results.describe("peer", "the peer", peer.note.isEmpty ? peer.framework : "\(peer.framework), \(peer.note)")

    for variant in peer.variants { try verify(peer, variant) }
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
        let own = try processorSeconds { for block in bench.blocks { try masks.add(block) } }
        let other = try peer.seconds(
          ["do": "mask", "variant": .string(variant), "batch": .integer(batches[variant] ?? 1)])
        maskRatios[variant, default: []].append(other / own)
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
        let how = batches[variant] == 1 ? "one by one" : "batches of \(batches[variant] ?? 0)"
        results.add("mask_over_\(name)_\(variant)", "\(title) (\(how))", median(ratios), goal: .atLeast(goal))
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
  private func verify(_ peer: Peer, _ variant: String) throws {
    say("\(peer.framework), \(variant): comparing statistics")
    let count = min(Self.checked, bench.examples.count)
    let answer = try peer.ask(["do": "check", "variant": .string(variant), "count": .integer(count)])
    let blocks = bench.examples.first(count).blocks(
      maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples)
    let masks = try bench.maskFisher(bench.two)
    let parameters = bench.stored.parameters
    let full = try bench.estimator(bench.two, DiagonalFisher(parameters: parameters))
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
