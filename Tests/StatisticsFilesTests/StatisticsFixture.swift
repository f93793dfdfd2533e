import Checkpoints
import Encoders
import Estimation
import Foundation
import LinearAlgebra
import Parameters
import SystemPackage
import TestSupport

@testable import StatisticsFiles

/// Statistics of a tiny encoder that exists as numbers only, summed here from random contributions of each example; to
/// be changed by a test and then written.
struct StatisticsFixture: StatisticReader {
  var description: StatisticsDescription
  var values: [String: [Double]] = [:]
  var fingerprints: [Int64]?
  var type = TensorType.float64

  var kinds: [StatisticKind] { description.kinds }
  var examples: Int { description.examples }
  var tokens: Int { description.tokens }

  static let sizes = EncoderConfiguration(
    layers: 2, hidden: 4, heads: 2, intermediate: 3, vocabulary: 5, positions: 9, tokenTypes: 2, outputs: 2)

  /// - Parameters:
  ///   - seed: decides the numbers, the hashes and the fingerprints.
  ///   - tokensEach: of every example.
  init(
    _ kinds: [StatisticKind] = StatisticKind.all, examples: Int = 7, tokensEach: Int = 5, seed: UInt64 = 1,
    classifier: Bool = false, sizes: EncoderConfiguration = Self.sizes
  ) {
    let part = StatisticsPart(
      dataHash: "data\(seed)", examplesHash: "examples\(seed)", examples: examples, tokens: examples * tokensEach,
      maximumLength: 9)
    description = StatisticsDescription(
      kinds: kinds, includesClassifier: classifier,
      expectation: kinds.contains(where: \.needsGradients) ? "expected" : "none", draws: 0, modelHash: "model",
      tokenizer: "tokenizer",
      sizes: sizes, parts: [part])
    let layout = ModelLayout(of: sizes)
    for tensor in description.tensors { values[tensor.name] = Array(repeating: 0, count: tensor.count) }
    var random = SyntheticNumbers(seed: seed)
    fingerprints = (0..<examples).map { _ in random.integer() }.sorted()
    for _ in 0..<examples {
      if kinds.contains(.maskFisher) {
        for name in ["head_mask", "neuron_mask"] {
          add((0..<(values[name]?.count ?? 0)).map { _ in random.square() }, name)
        }
      }
      if kinds.contains(.fisher) {
        for parameter in layout.parameters {
          let isKeyBias = parameter.component == .key && parameter.kind == .bias
          add((0..<parameter.count).map { _ in isKeyBias ? 0 : random.square() }, parameter.name, trace: true)
        }
      }
      guard kinds.contains(.gram) else { continue }
      for site in layout.gramSites(includingHead: classifier) {
        let tokens = site.layer == nil ? 1 : tokensEach
        addGram(site.name, sums: site.sumName, of: random.rows(tokens, site.inputs))
      }
    }
    // Numbers of their own, so that those of the others are the same without these kinds.
    random = SyntheticNumbers(seed: seed + 1000)
    for _ in 0..<examples { addOthers(layout, tokens: tokensEach, &random) }
  }

  /// One example's part of tokens' counts and of what is made of the gradients of outputs.
  private mutating func addOthers(_ layout: ModelLayout, tokens: Int, _ random: inout SyntheticNumbers) {
    if kinds.contains(.tokenCounts) {
      for _ in 0..<tokens { values["token_counts"]?[Int(random.integer() >> 20 & 0xFFFF) % Self.sizes.vocabulary] += 1 }
    }
    if kinds.contains(.outputMetric) {
      for site in layout.outputSites { addSketch(site, of: random.rows(2, site.outputs)) }
    }
    guard kinds.contains(.kfac) else { return }
    for site in layout.outputGramSites { addGram(site.gramName, of: random.rows(2, site.outputs)) }
  }

  /// Adds one example's numbers, and their squares or the square of their sum.
  private mutating func add(_ numbers: [Double], _ name: String, trace: Bool = false) {
    for (index, number) in numbers.enumerated() {
      values[name]?[index] += number
      if !trace { values[name + ".second_moment"]?[index] += number * number }
    }
    if trace { addTrace(numbers.reduce(0, +), name) }
  }

  private mutating func addTrace(_ trace: Double, _ name: String) {
    values[name + ".trace"]?[0] += trace
    values[name + ".second_moment"]?[0] += trace * trace
  }

  private mutating func addGram(_ name: String, sums: String? = nil, of rows: [[Double]]) {
    for x in rows {
      var entry = 0
      for i in x.indices {
        for j in i..<x.count {
          values[name]?[entry] += x[i] * x[j]
          entry += 1
        }
        if let sums { values[sums]?[i] += x[i] }
      }
    }
    addTrace(rows.joined().reduce(0) { $0 + $1 * $1 }, name)
  }

  /// Adds Σ g (gᵀΩ).
  private mutating func addSketch(_ site: OutputSite, of gradients: [[Double]]) {
    let omega = OutputSketch.projection(outputs: site.outputs)
    let columns = OutputSketch.columns(outputs: site.outputs)
    for g in gradients {
      for column in 0..<columns {
        let seen = g.indices.reduce(0) { $0 + g[$1] * omega.vector[$1 * columns + column] }
        for row in g.indices { values[site.name]?[row * columns + column] += g[row] * seen }
      }
    }
    addTrace(gradients.joined().reduce(0) { $0 + $1 * $1 }, site.name)
  }

  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) {
    let tensor = values[name] ?? []
    for (index, element) in elements.enumerated() { out[index] = tensor[element] }
  }

  /// Changes one number.
  mutating func set(_ name: String, _ index: Int, _ value: Double) { values[name]?[index] = value }

  /// Writes the file, its hash included, and opens it.
  @discardableResult
  func write(_ name: String, in scratch: Scratch) throws -> FilePath {
    let path = scratch.path.appending(name)
    try? FileManager.default.removeItem(atPath: path.string)
    try StatisticsFile.write(self, description, fingerprints: fingerprints, type: type, to: path)
    return path
  }
}

/// Numbers that look random and are the same on every run.
struct SyntheticNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func integer() -> Int64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int64(bitPattern: state ^ state >> 29)
  }

  /// Between −1 and 1.
  mutating func number() -> Double { Double(integer() >> 11) * 0x1p-52 }
  /// Numbers between −1 and 1.
  mutating func rows(_ count: Int, _ columns: Int) -> [[Double]] {
    (0..<count).map { _ in (0..<columns).map { _ in number() } }
  }
  /// Between 0 and 1.
  mutating func square() -> Double {
    let x = number()
    return x * x
  }
}

extension Scratch {
  /// Changes one byte of a file, counted from its end.
  func flip(_ path: FilePath, fromEnd offset: Int) throws {
    let url = URL(fileURLWithPath: path.string)
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count - 1 - offset] ^= 1
    try bytes.write(to: url)
  }

  /// Replaces text of the header by text of the same length.
  func replace(_ text: String, by other: String, in path: FilePath) throws {
    precondition(text.utf8.count == other.utf8.count, "the data must stay where they are")
    let url = URL(fileURLWithPath: path.string)
    var bytes = try Data(contentsOf: url)
    guard let range = bytes.firstRange(of: Data(text.utf8)) else { throw MissingText(text: text) }
    bytes.replaceSubrange(range, with: Data(other.utf8))
    try bytes.write(to: url)
  }
}

struct MissingText: Error { let text: String }
