import Checkpoints
import Encoders
import Estimation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Planning
@testable import Recipes
@testable import Runs
@testable import StatisticsFiles
@testable import Terminal

/// A statistic that the program does not have: how many rows each layer saw, summed over examples.
private final class LayerRows: Statistic {
  let interests: ObserverInterests = .inputs
  let sums: FixedPointSums
  private let layers: Int

  init(layers: Int) {
    self.layers = layers
    sums = FixedPointSums(tensors: Self.tensors(layers))
  }

  static func tensors(_ layers: Int) -> [StatisticTensor] {
    [
      StatisticTensor("layer_rows", [layers, 1]),
      StatisticTensor("layer_rows.second_moment", [layers, 1], .secondMoment(of: "layer_rows")),
    ]
  }

  func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Float>, _ segments: Segments) {
    guard place == .attention, let layer else { return }
    let lengths = (0..<segments.count).map { Double(segments[$0].count) }
    for (slot, total) in [lengths.reduce(0, +), lengths.reduce(0) { $0 + $1 * $1 }].enumerated() {
      let value = Buffer<Double>(count: 1)
      value.vector[0] = total
      sums.close(slot, terms: 1, magnitude: sums.add(value.vector, to: slot, at: layer))
    }
  }

  func finishBlock() {}

  static let kind = StatisticKind(
    name: "layer_rows", interests: .inputs, tensors: { layout, _ in tensors(layout.configuration.layers) },
    empty: { layout, _ in LayerRows(layers: layout.configuration.layers) },
    errorTables: { [StatisticKind.ErrorTable("layer_rows", moments: tensors($0.configuration.layers))] },
    highlights: { layout, _ in
      let table = StatisticKind.ErrorTable("layer_rows", moments: tensors(layout.configuration.layers))
      return [.entries(table, columns: 1, title: "layers")]
    })
}

@Suite("A statistic of which nothing but its kind says what it is")
struct FourthStatisticTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private let known = StatisticKind.all + [LayerRows.kind]

  /// Estimates masks and rows of the reference's nine examples in one pass, and writes the file.
  private func write() throws -> StatisticsFile {
    let model = try Reference.model("two")
    let kinds = [StatisticKind.maskFisher, LayerRows.kind]
    let statistics = kinds.map { ($0, $0.statistic(of: model)) }
    let estimator = BlockEstimator(
      encoder: Encoder(weights: try model.singlePrecisionWeights()), statistics: statistics.map(\.1),
      expectation: .expected, seed: 0)
    let block = try Reference.block(for: "two", outputs: model.configuration.problem)
    try estimator.measure([block], times: 1)
    try estimator.add(block)
    let (examples, tokens) = (block.rows.count, block.batch.segments.rows)
    let description = StatisticsDescription(
      kinds: kinds, includesClassifier: false, expectation: "expected", draws: 0, modelHash: "model",
      tokenizer: "tokenizer",
      sizes: model.configuration,
      parts: [
        StatisticsPart(dataHash: "d", examplesHash: "e", examples: examples, tokens: tokens, maximumLength: 64)
      ])
    let path = scratch.path.appending("rows.safetensors")
    try StatisticsFile.write(
      EstimatedStatistics(statistics, examples: examples, tokens: tokens), description, fingerprints: nil,
      type: .float64, to: path)
    return try StatisticsFile(path: path, known: known)
  }

  @Test("it is estimated, described, written, verified and inspected like the others")
  func whole() throws {
    let file = try write()
    let tokens = Double(file.tokens)
    #expect(file.description.kindNames == "mask_fisher and layer_rows")
    #expect(file.file.metadata("statistics") == "mask_fisher,layer_rows")
    let layers = file.description.sizes.layers
    #expect(try file.values("layer_rows", count: layers) == Array(repeating: tokens, count: layers))

    var checks: [String] = []
    try Verification(file).run { checks.append($0.name) }
    #expect(checks == ["layout", "hash", "counts", "finite", "squares", "second moments"])

    let errors = try SamplingError.all(file, file.description.sizes)
    #expect(errors.map(\.name) == ["head_mask", "neuron_mask", "layer_rows"])
    let lengths = try Reference.block(for: "two", outputs: .singleLabel).batch.segments
    let each = (0..<lengths.count).map { Double(lengths[$0].count) }
    let mean = tokens / 9
    let deviation = each.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let expected = (deviation / 72).squareRoot() / mean
    #expect(abs((errors[2].error ?? 0) - expected) < 1e-6 * expected)

    let (text, json) = try Inspection.describe(file)
    #expect(text.contains("top layers (layer.number: mean ± standard error): 0.0: \(significant(mean)) ±"), "\(text)")
    #expect(json["relative_errors"]?["layer_rows"]?.double != nil)
  }

  @Test(
    "numbers that it cannot have are found by what its tensors are",
    arguments: [("layer_rows", -1.0, "is negative"), ("layer_rows.second_moment", 100, "is impossible")])
  func impossible(tensor: String, value: Double, says: String) throws {
    var fixture = StatisticsFixture([LayerRows.kind])
    fixture.values = ["layer_rows": [35, 35], "layer_rows.second_moment": [175, 175]]
    try Verification(StatisticsFile(path: fixture.write("sound", in: scratch), known: known)).run { _ in }
    fixture.set(tensor, 1, value)
    let path = try fixture.write("unsound", in: scratch)
    let error = #expect(throws: StatisticsError.self) {
      try Verification(StatisticsFile(path: path, known: known)).run { _ in }
    }
    #expect(error?.subject.hasSuffix("tensor \(tensor)") == true && error?.problem.contains(says) == true)
  }

  @Test("a program that does not know it refuses its file")
  func unknown() throws {
    let file = try write()
    let error = #expect(throws: StatisticsError.self) { try StatisticsFile(path: file.path) }
    #expect(error?.problem.contains("which this version of fishermerge does not know") == true)
  }

  @Test("its cost follows from what it is shown: a forward pass for all tokens, and nothing for the gradients")
  func cost() throws {
    let model = try Reference.model("two")
    let work = EncoderWork(
      configuration: model.configuration, tokens: 100, examples: 10, squaredLengths: 1000)
    #expect(LayerRows.kind.operations(work, 1) == 0 && !LayerRows.kind.needsGradients)
    let plan = Plan(
      sampling: Sampling(), statistics: [LayerRows.kind],
      outputType: .float32, models: [])
    #expect(Forecast.operations(work, plan: plan) == work.wholeForward)
    #expect([LayerRows.kind].tensors(model.layout).reduce(0) { $0 + $1.count } == 2 * model.configuration.layers)
  }
}
