import Parameters
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// Gram matrices against `Tests/Reference/gram.py`, and against three loops over what the encoder shows.
struct GramGoldenTests {
  private static let models = ["two", "three", "five", "shallow"] + Reference.families
  /// The nine examples in one block; in blocks out of order; with the shortest, of two tokens, as the first block.
  private static let cuts: [[Range<Int>]] = [[0..<9], [4..<9, 0..<1, 1..<4], [8..<9, 0..<8]]

  private func sums<Scalar: KernelScalar>(
    _ name: String, blocks: [Range<Int>], weights: (StoredModel) throws -> EncoderWeights<Scalar>
  ) throws -> FixedPointSums {
    let model = try Reference.model(name)
    let grams = GramMatrices<Scalar>(configuration: model.configuration, includingClassifier: true)
    let whole = try Reference.block(for: name, outputs: model.configuration.problem)
    try estimate(grams, Encoder(weights: try weights(model)), blocks.map { whole.examples($0) })
    return grams.sums
  }

  private func estimate<Scalar: KernelScalar>(
    _ grams: GramMatrices<Scalar>, _ encoder: Encoder<Scalar>, _ blocks: [ExampleBlock]
  ) throws {
    let estimator = BlockEstimator(encoder: encoder, statistics: [grams], expectation: .expected, seed: 0)
    try estimator.measure([blocks[0]], times: blocks.count)
    for block in blocks { try estimator.add(block) }
    #expect(grams.sums.assess().isEmpty)
  }

  @Test("Gram matrices, sums of inputs and second moments equal the reference in double", arguments: models, cuts)
  func double(model: String, blocks: [Range<Int>]) throws {
    let found = try sums(model, blocks: blocks) { try $0.doublePrecisionWeights() }
    let expected = try Reference.golden("\(model).gram")
    // A trace is the sum of the diagonal, which is compared below.
    let slots = found.slots.enumerated().filter { $1.role != .trace }
    #expect(slots.map(\.element.name).sorted() == expected.tensors.map(\.name).sorted())
    for (index, slot) in slots {
      // A second moment has 32 bits of its first block's size; the others promise 1e-13 of the largest entry.
      let (relative, absolute) = slot.isMoment ? (1e-6, 0) : (1e-9, 1e-12)
      let values = try expected.values(slot.name)
      let error = worstError(found.values(index), values, relative: relative, absolute: absolute)
      #expect(error < 1, "\(slot.name)")
    }
  }

  @Test("Gram matrices in single precision", arguments: models)
  func float(model: String) throws {
    let found = try sums(model, blocks: Self.cuts[1]) { try $0.singlePrecisionWeights() }
    let expected = try Reference.golden("\(model).gram")
    for (index, slot) in found.slots.enumerated() where slot.role != .trace {
      // Float activations are good to about 1e-6 of a layer's largest after three layers of sharp attention, and
      // entries off the diagonal are differences of products of that size.
      let values = try expected.values(slot.name)
      #expect(worstError(found.values(index), values, relative: 1e-5, absolute: 2e-6) < 1, "\(slot.name)")
    }
  }

  /// Two tiles of columns and many of rows at the widest place, and rows that do not fill their tile.
  private static let wide = EncoderConfiguration(
    layers: 2, hidden: 96, heads: 4, intermediate: 900, vocabulary: 50, positions: 16, tokenTypes: 2, outputs: 3)

  @Test("matrices of several tiles equal three loops over the tokens, in double")
  func tilesInDouble() throws { try compareWithLoops(Double.self, relative: 1e-12, absolute: 1e-12) }

  @Test("matrices of several tiles equal three loops over the tokens, in single precision")
  func tilesInFloat() throws {
    // The inputs are the same numbers; only an example's own products, of at most 12 terms, are rounded to Float.
    try compareWithLoops(Float.self, relative: 1e-6, absolute: 1e-6)
  }

  private func compareWithLoops<Scalar: KernelScalar>(_: Scalar.Type, relative: Double, absolute: Double) throws {
    // The last block has examples of one token only.
    let whole = block(lengths: [7, 1, 12, 1, 3, 1, 1])
    let blocks = [0..<3, 3..<5, 5..<7].map { whole.examples($0) }
    let encoder = Encoder(weights: RandomModel<Scalar>(Self.wide, seed: 11).weights)
    let rows = InputRows<Scalar>()
    for block in blocks { _ = encoder.forward(block.batch, observers: [rows]) }
    let grams = GramMatrices<Scalar>(configuration: Self.wide, includingClassifier: true)
    try estimate(grams, encoder, blocks)
    #expect(rows.examples.count == grams.sites.count)
    for (index, site) in grams.sites.enumerated() {
      let examples = try #require(rows.examples[site.name])
      #expect(examples.first?.first?.count == site.inputs)
      #expect(
        examples.map(\.count) == (site.rows == .examples ? Array(repeating: 1, count: 7) : [7, 1, 12, 1, 3, 1, 1]))
      let loops = Loops(examples)
      for (slot, values) in [loops.triangle, loops.sums].enumerated() {
        let found = grams.sums.values(4 * index + slot)
        #expect(worstError(found, values, relative: relative, absolute: absolute) < 1, "\(site.name), \(slot)")
      }
      #expect(
        worstError(grams.sums.values(4 * index + 2), [loops.trace], relative: 1e-6, absolute: 0) < 1, "\(site.name)")
      let moment = grams.sums.values(4 * index + 3)
      #expect(worstError(moment, [loops.secondMoment], relative: 1e-6, absolute: 0) < 1, "\(site.name)")
    }
  }

  private func block(lengths: [Int]) -> ExampleBlock {
    let tokens = lengths.reduce(0, +)
    return ExampleBlock(
      batch: TokenBatch(
        tokens: (0..<tokens).map { Int32(($0 * 13 + $0 / 7) % 50) }, types: (0..<tokens).map { Int32($0 / 9 % 2) },
        segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) })),
      rows: Array(lengths.indices), targets: Array(repeating: .none, count: lengths.count))
  }
}

/// Keeps all rows that it is shown, by place and example.
private final class InputRows<Scalar: KernelScalar>: EncoderObserver {
  let interests: ObserverInterests = .inputs
  /// By the name that `docs/file-formats.md` gives the place.
  private(set) var examples: [String: [[[Double]]]] = [:]

  func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Scalar>, _ segments: Segments) {
    for example in 0..<segments.count {
      let rows = segments[example].map { row in x.row(row).array.map { Double($0) } }
      examples["gram." + (layer.map { "\($0)." } ?? "") + place.rawValue, default: []].append(rows)
    }
  }
}

/// The sums of a site by their definitions.
private struct Loops {
  /// Σ_t x_ti x_tj for i ≤ j, row after row.
  var triangle: [Double]
  var sums: [Double]
  /// Σ_t Σ_i x_ti².
  var trace = 0.0
  /// Σ over examples of (Σ_t Σ_i x_ti²)².
  var secondMoment = 0.0

  init(_ examples: [[[Double]]]) {
    let n = examples[0][0].count
    triangle = Array(repeating: 0, count: n * (n + 1) / 2)
    sums = Array(repeating: 0, count: n)
    for rows in examples {
      var trace = 0.0
      for x in rows {
        var entry = 0
        for i in 0..<n {
          sums[i] += x[i]
          trace += x[i] * x[i]
          for j in i..<n {
            triangle[entry] += x[i] * x[j]
            entry += 1
          }
        }
      }
      secondMoment += trace * trace
      self.trace += trace
    }
  }
}
