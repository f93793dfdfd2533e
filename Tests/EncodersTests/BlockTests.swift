@testable import Encoders
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// Each block alone, in double: its backward pass against central differences of its forward pass.
///
/// The loss is ℓ = ⟨c, output⟩ with fixed coefficients, so its gradient at the output is c. Blocks whose last bias and
/// whose sum with the input are left to the next kernel are completed here.
@Suite("Blocks")
struct BlockTests {
  let model: RandomModel<Double>
  let batch = RandomModel<Double>.batch
  let collector = GradientCollector(heads: 3)
  let arena = Arena()
  var show: Audience<Double> { .backward([collector]) }
  var all: Segments { batch.segments }
  var first: Segments { .single(batch.segments.count) }

  init() { self.init(family: "bert") }

  /// - Parameter family: of ``RandomModel/variants``.
  init(family: String) { model = RandomModel(RandomModel<Double>.small(family), seed: 3) }

  @Test("Norm")
  func norm() {
    let norm = model.weights.layers[1][0].norm!
    let (x, residual, pending) = (values(7, 12, seed: 1), values(7, 12, seed: 2), values(1, 12, seed: 3))
    let segments = Segments(offsets: [0, 3, 7])
    func forward(_ arena: Arena) -> (Matrix<Double>, Norm<Double>.Kept) {
      let y = arena.matrix(7, 12, of: Double.self)
      let kept = norm.forward(matrix(x, 7), pending: pending.vector, residual: matrix(residual, 7), into: y, in: arena)
      return (y, kept)
    }
    let (y, kept) = forward(arena)
    let gradient = coefficients(7, 12)
    #expect(kept.output(in: arena).elements.array == y.elements.array)
    norm.backward(kept, gradient: gradient, segments, show: show)

    let loss = { self.loss { forward($0).0 } }
    compare(gradient.elements.array, with: x, "x", loss)
    compare(gradient.elements.array, with: residual, "residual", loss)
    compare(.attentionNorm, layer: 1, loss)
  }

  @Test("Attention", arguments: [false, true])
  func attention(firstOnly: Bool) {
    let block = model.weights.attention(1)
    let queries = firstOnly ? first : all
    let x = values(all.rows, 12, seed: 4)
    func forward(_ arena: Arena) -> (Matrix<Double>, Attention<Double>.Kept) {
      let y = arena.matrix(queries.rows, 12, of: Double.self)
      let own = firstOnly ? all.firstRows(of: matrix(x, all.rows), in: arena) : matrix(x, all.rows)
      let kept = block.forward(
        matrix(x, all.rows), queryInput: own, into: y, keys: all, queries: queries, in: arena, show: .nobody)
      add(bias: block.output.bias!, to: y)
      add(own, to: y)
      return (y, kept)
    }
    let (_, kept) = forward(arena)
    let below = block.backward(
      kept, gradient: coefficients(queries.rows, 12), keys: all, queries: queries, stopsAtMask: false, in: arena,
      show: show
    ) { matrix(x, all.rows) }

    let loss = { self.loss { forward($0).0 } }
    compare(below!.elements.array, with: x, "x", loss)
    for component in [Component.query, .key, .value, .attentionOutput] { compare(component, layer: 1, loss) }
    compareMask(collector.headMask[1]!, ofColumns: .attentionOutput, layer: 1, loss)
  }

  @Test("Attention goes no further than its mask where nobody looks below")
  func attentionMask() {
    let block = model.weights.attention(0)
    let input = values(all.rows, 12, seed: 4)
    let (x, y) = (matrix(input, all.rows), arena.matrix(all.rows, 12, of: Double.self))
    let kept = block.forward(x, queryInput: x, into: y, keys: all, queries: all, in: arena, show: .nobody)
    let below = block.backward(
      kept, gradient: coefficients(all.rows, 12), keys: all, queries: all, stopsAtMask: true, in: arena, show: show
    ) { x }
    withExtendedLifetime(input) { #expect(below == nil && collector.headMask[0] != nil) }
    #expect(collector.gradients.keys.sorted() == ["attentionOutput.0.bias", "attentionOutput.0.weight"])
  }

  @Test("FeedForward")
  func feedForward() {
    let block = model.weights.feedForward(2)
    let x = values(all.rows, 12, seed: 5)
    func forward(_ arena: Arena) -> (Matrix<Double>, FeedForward<Double>.Kept) {
      let y = arena.matrix(all.rows, 12, of: Double.self)
      let kept = block.forward(matrix(x, all.rows), into: y, keeps: true, all, in: arena, show: .nobody)
      add(bias: block.output.bias!, to: y)
      add(matrix(x, all.rows), to: y)
      return (y, kept)
    }
    let (_, kept) = forward(arena)
    let gradient = coefficients(all.rows, 12)
    block.backward(kept, gradient: gradient, into: gradient, adds: true, all, in: arena, show: show) {
      matrix(x, all.rows)
    }

    let loss = { self.loss { forward($0).0 } }
    compare(gradient.elements.array, with: x, "x", loss)
    for component in [Component.intermediate, .output] { compare(component, layer: 2, loss) }
    compareMask(collector.neuronMask[2]!, ofColumns: .output, layer: 2, loss)
  }

  @Test("Embeddings", arguments: RandomModel<Double>.families)
  func embeddings(family: String) { BlockTests(family: family).compareEmbeddings() }

  private func compareEmbeddings() {
    let block = model.weights.embeddings
    func forward(_ arena: Arena) -> (Matrix<Double>, Embeddings<Double>.Kept) {
      let y = arena.matrix(all.rows, 12, of: Double.self)
      return (y, block.forward(batch, into: y, in: arena, show: .nobody))
    }
    let (y, kept) = forward(arena)
    #expect(BlockInput.embeddings(kept).output(in: arena).elements.array == y.elements.array)
    block.backward(kept, gradient: coefficients(all.rows, 12), of: batch, in: arena, show: show)

    let loss = { self.loss { forward($0).0 } }
    let own: Set<Component> = [
      .wordEmbeddings, .positionEmbeddings, .tokenTypeEmbeddings, .embeddingNorm, .embeddingProjection,
    ]
    let components = Set(model.parameters.map(\.component)).intersection(own)
    for component in components { compare(component, layer: nil, loss) }
  }

  @Test("Positions behind an id count what is another id, and stay at it for what is not")
  func places() {
    let own = BlockTests(family: "roberta")
    let collector = PlaceCollector()
    let y = own.arena.matrix(all.rows, 12, of: Double.self)
    let kept = own.model.weights.embeddings.forward(batch, into: y, in: own.arena, show: .nobody)
    own.model.weights.embeddings.backward(
      kept, gradient: own.coefficients(all.rows, 12), of: batch, in: own.arena, show: .backward([collector]))
    // create_position_ids_from_input_ids: mask = ids ≠ p, mask · (p + cumsum(mask)) + (1 − mask) · p.
    var expected: [Int32] = []
    for example in 0..<batch.segments.count {
      let mask = batch.segments[example].map { batch.tokens[$0] == 3 ? 0 : 1 }
      expected += mask.indices.map { Int32(3 + mask[$0] * mask[...$0].reduce(0, +)) }
    }
    #expect(expected.contains(3) && collector.rows[.positionEmbeddings] == expected)
    #expect(collector.rows[.wordEmbeddings] == batch.tokens && collector.rows[.tokenTypeEmbeddings] == batch.types)
  }

  @Test("Head", arguments: RandomModel<Double>.families)
  func head(family: String) { BlockTests(family: family).compareHead() }

  func compareHead() {
    let block = model.weights.head
    let x = values(first.rows, 12, seed: 6)
    func forward(_ arena: Arena) -> Head<Double>.Kept {
      block.forward(matrix(x, first.rows), first, in: arena, show: .nobody)
    }
    let kept = forward(arena)
    let gradient = coefficients(first.rows, 3)
    let below = block.backward(kept, gradient: gradient, first, in: arena, show: show) { matrix(x, first.rows) }

    let loss = { self.loss { forward($0).logits } }
    compare(below.elements.array, with: x, "x", loss)
    let components = Set(
      model.parameters.filter { [.aboveLayers, .head].contains($0.role.stage) && $0.component != .finalNorm }.map(
        \.component))
    #expect(components.count == (block.norm == nil ? 2 : 3))
    for component in components { compare(component, layer: nil, loss) }
  }

  // MARK: - Differences

  /// The difference quotient is good to about step² · ℓ''' / 6 + 1e-16 · ℓ / step = 1e-9 for losses of about 10.
  private static let (step, tolerance) = (1e-5, 1e-7)

  /// ∂ℓ/∂value by a central difference.
  private func difference(_ value: inout Double, _ loss: () -> Double) -> Double {
    let before = value
    value = before + Self.step
    let above = loss()
    value = before - Self.step
    let below = loss()
    value = before
    return (above - below) / (2 * Self.step)
  }

  func compare(
    _ found: [Double], with values: Buffer<Double>, _ what: String, _ loss: () -> Double
  ) {
    #expect(found.count == values.count && found.contains { abs($0) > 0.01 })
    for entry in 0..<values.count {
      let expected = difference(&values.vector.buffer[entry], loss)
      #expect(abs(found[entry] - expected) < Self.tolerance * max(1, abs(expected)), "\(what) entry \(entry)")
    }
  }

  /// Weight and bias of one component: what the block showed its observer, against differences.
  func compare(_ component: Component, layer: Int?, _ loss: () -> Double) {
    for parameter in model.parameters where parameter.component == component && parameter.layer == layer {
      let found = (0..<parameter.count).map { collector.gradient(of: parameter, entry: $0) }
      if parameter.role.isGradientFree {
        #expect(found.allSatisfy { abs($0) < 1e-12 }, "\(parameter.name)")
      } else {
        compare(found, with: model.buffers[parameter]!, parameter.name, loss)
      }
    }
  }

  /// A mask on a node scales the columns that read it: ∂ℓ/∂m is a difference of scaling them.
  func compareMask(
    _ found: [Double], ofColumns component: Component, layer: Int, _ loss: () -> Double
  ) {
    let parameter = model.parameters.first {
      $0.component == component && $0.layer == layer && $0.kind == .weight
    }!
    let weight = model.buffers[parameter]!.vector
    let before = weight.array
    let (columns, width) = (parameter.shape[1], parameter.shape[1] / found.count)
    for node in found.indices {
      func scaled(_ factor: Double) -> Double {
        for entry in before.indices where entry % columns / width == node { weight[entry] = before[entry] * factor }
        defer { for entry in before.indices { weight[entry] = before[entry] } }
        return loss()
      }
      let expected = (scaled(1 + Self.step) - scaled(1 - Self.step)) / (2 * Self.step)
      #expect(abs(found[node] - expected) < Self.tolerance * max(1, abs(expected)), "mask \(node)")
    }
  }

  /// ⟨c, output⟩ of one forward pass in memory of its own.
  func loss(_ forward: (Arena) -> Matrix<Double>) -> Double {
    let arena = Arena()
    let output = forward(arena)
    return withExtendedLifetime(arena) {
      zip(output.elements.array, Self.numbers(output.count)).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// c as a matrix that the backward pass may overwrite.
  func coefficients(_ rows: Int, _ columns: Int) -> Matrix<Double> {
    let matrix = arena.matrix(rows, columns, of: Double.self)
    for (index, value) in Self.numbers(matrix.count).enumerated() { matrix.elements[index] = value }
    return matrix
  }

  private static func numbers(_ count: Int) -> [Double] { (0..<count).map { [0.7, -1.3, 0.4, 1.1, -0.2][$0 % 5] } }

  func values(_ rows: Int, _ columns: Int, seed: Double) -> Buffer<Double> {
    let buffer = Buffer<Double>(count: rows * columns)
    // Irrational steps, so that no two rows are alike.
    for index in 0..<buffer.count {
      let fraction = (Double(index) * 0.618_033_988_75 + seed * 0.414_213_562).truncatingRemainder(dividingBy: 1)
      buffer.vector[index] = 2 * fraction - 1
    }
    return buffer
  }

  func matrix(_ buffer: Buffer<Double>, _ rows: Int) -> Matrix<Double> {
    buffer.vector.matrix(rows: rows, columns: buffer.count / rows)
  }
}

/// The rows of tables that an encoder shows.
private final class PlaceCollector: EncoderObserver {
  let interests: ObserverInterests = .parameters
  var rows: [Component: [Int32]] = [:]

  func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Double>, _ segments: Segments) {
    for table in tables { rows[table.component] = table.rows }
  }
}
