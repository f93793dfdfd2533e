import Parameters
import Datasets
import Encoders
import Estimation
import LinearAlgebra
import TestSupport
import Testing

/// The definition, one example and one column at a time: every weight's gradient by one product, squared and added in
/// double.
private final class NaiveFisher: Statistic {
  let interests: ObserverInterests = .parameters
  let sums = FixedPointSums(tensors: [])
  var weights: [String: [Double]] = [:]

  func observeLinear(_ component: Component, _ o: Observation<Float>) {
    let (outputs, inputs) = (o.gradient.columns, o.input.columns)
    let product = Buffer<Float>(count: outputs * inputs)
    let key = "\(component).\(o.layer ?? -1)"
    var total = weights[key] ?? [Double](repeating: 0, count: outputs * inputs)
    for example in 0..<o.segments.count {
      for column in 0..<o.columns {
        multiply(
          o.gradient(column: column, example: example), o.input.rows(o.segments[example]),
          into: product.vector.matrix(rows: outputs, columns: inputs), transposeA: true)
        for index in total.indices { total[index] += Double(product.vector[index]) * Double(product.vector[index]) }
      }
    }
    weights[key] = total
  }
  func finishBlock() {}
}

struct DiagonalFisherTests {
  /// Sixty ragged examples in four blocks.
  private func blocks(of configuration: EncoderConfiguration) -> [ExampleBlock] {
    (0..<4).map { block in
      let lengths = (0..<15).map { 1 + ($0 * 5 + block * 3) % configuration.positions }
      let count = lengths.reduce(0, +)
      return ExampleBlock(
        batch: TokenBatch(
          tokens: (0..<count).map { Int32(($0 * 13 + block * 7 + $0 / 5) % configuration.vocabulary) },
          types: (0..<count).map { Int32($0 / 4 % 2) },
          segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) })),
        rows: (0..<15).map { block * 15 + $0 }, targets: Array(repeating: .none, count: 15))
    }
  }

  private func run(_ configuration: EncoderConfiguration) throws -> (
    found: FixedPointSums, naive: NaiveFisher, parameters: [Parameter]
  ) {
    let model = RandomModel<Float>(configuration, seed: 9)
    let fisher = DiagonalFisher<Float>(parameters: model.parameters)
    let naive = NaiveFisher()
    let blocks = blocks(of: configuration)
    let encoder = Encoder(weights: model.weights)
    try BlockEstimator(encoder: encoder, statistics: [fisher], expectation: .expected, seed: 0)
      .measure([blocks[0]], times: blocks.count)
    let estimator = BlockEstimator(encoder: encoder, statistics: [fisher, naive], expectation: .expected, seed: 0)
    for block in blocks { try estimator.add(block) }
    #expect(fisher.sums.assess().isEmpty)
    return withExtendedLifetime(model) { (fisher.sums, naive, model.parameters) }
  }

  /// Where tokens have rows of their own, the same products are squared; only how they are added differs.
  @Test("sums agree with a double-precision sum of the same squares: 1e-6 relative, 1e-12 of the largest")
  func accuracy() throws {
    let (found, naive, parameters) = try run(RandomModel<Float>.small)
    for (slot, parameter) in parameters.enumerated() where parameter.kind == .weight {
      // Below the last layer's feed-forward part, and its keys and values: the places with one row per token.
      let perToken = parameter.layer.map { $0 < 2 || [.key, .value].contains(parameter.component) } ?? false
      guard perToken, let exact = naive.weights["\(parameter.component).\(parameter.layer ?? -1)"] else { continue }
      let largest = exact.max() ?? 0
      for (value, exact) in zip(found.values(slot), exact) {
        if exact > 1e-6 * largest {
          #expect(abs(value - exact) < 1e-6 * exact, "\(parameter.name)")
        } else {
          #expect(abs(value - exact) < 1e-12 * largest, "\(parameter.name)")
        }
      }
    }
  }

  /// Tiles of 256 output rows and the product of squares for single rows multiply in other shapes, so the products
  /// themselves differ by float rounding: 1e-5 of the largest, which an index that is off by one would exceed many
  /// times.
  @Test("tiles and the one-row shortcut give what whole products give", arguments: [300, 512, 257])
  func tiles(intermediate: Int) throws {
    var configuration = RandomModel<Float>.small
    configuration.intermediate = intermediate
    let (found, naive, parameters) = try run(configuration)
    for (slot, parameter) in parameters.enumerated() where parameter.kind == .weight {
      guard let exact = naive.weights["\(parameter.component).\(parameter.layer ?? -1)"] else { continue }
      #expect(exact.contains { $0 > 0 })
      #expect(worstError(found.values(slot), exact, relative: 1e-4, absolute: 1e-5) < 1, "\(parameter.name)")
    }
  }
}
