@testable import Encoders
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// The blocks that other families have, each alone against central differences in double.
extension BlockTests {
  /// One attention with what its layers share about positions: x, its parameters and the tables.
  @Test(
    "Attention with positions",
    arguments: [
      "mpnet", "deberta-v2", "deberta-v2/separate", "deberta-v2/c2p", "deberta-v2/p2c", "deberta-v2/separate c2p",
      "deberta-v2/separate p2c", "deberta-v2/absolute", "modernbert", "modernbert/mean",
    ], [false, true])
  func attentionWithPositions(family: String, firstOnly: Bool) {
    BlockTests(family: family).compareAttention(firstOnly)
  }

  private func compareAttention(_ firstOnly: Bool) {
    // The second layer of a ModernBERT is a local one.
    let block = model.weights.attention(1)
    let (queries, relative) = (firstOnly ? first : all, model.weights.relative)
    let x = values(all.rows, 12, seed: 4)
    func forward(_ arena: Arena) -> (Matrix<Double>, Attention<Double>.Kept, RelativePass<Double>?) {
      let y = arena.matrix(queries.rows, 12, of: Double.self)
      let own = firstOnly ? all.firstRows(of: matrix(x, all.rows), in: arena) : matrix(x, all.rows)
      let pass = relative?.pass(all, in: arena)
      let kept = block.forward(
        matrix(x, all.rows), queryInput: own, into: y, keys: all, queries: queries, relative: pass, in: arena,
        show: .nobody)
      return (y, kept, pass)
    }
    let (_, kept, pass) = forward(arena)
    let gradient = pass?.gradient(columns: 1, all, in: arena)
    let below = block.backward(
      kept, gradient: coefficients(queries.rows, 12), addsToGradient: false, keys: all, queries: queries,
      relative: pass.map { ($0, gradient) }, stopsAtMask: false, in: arena, show: show
    ) { matrix(x, all.rows) }
    if let relative, let pass, let gradient { relative.backward(pass, gradient, keys: all, in: arena, show: show) }

    let loss = { self.loss { forward($0).0 } }
    compare(below!.elements.array, with: x, "x", loss)
    // W_O's bias is left to the kernel that takes y.
    let own = model.parameters.filter { $0.layer == 1 && $0.role.stage == .attention && !$0.component.isNorm }
    for component in Set(own.map(\.component)).subtracting([.attentionOutput]) { compare(component, layer: 1, loss) }
    for component in [Component.relativeBias, .relativeEmbeddings, .relativeNorm] {
      compare(component, layer: nil, loss)
    }
    compareMask(collector.headMask[1]!, ofColumns: .attentionOutput, layer: 1, loss)
  }

  @Test("a local layer gives every query the keys of its window, and no others")
  func window() {
    var configuration = RandomModel<Double>.small("modernbert")
    configuration.positions = 400
    let model = RandomModel<Double>(configuration, seed: 3)
    defer { withExtendedLifetime(model) {} }
    let block = model.weights.attention(1)
    let (count, window) = (300, 2)
    let keys = Segments(offsets: [0, count])
    let x = values(count, 12, seed: 1)
    func output(_ rows: Range<Int>, queries: Segments? = nil) -> [[Double]] {
      let input = matrix(x, count).rows(rows)
      let own = Segments(offsets: [0, rows.count])
      let arena = Arena()
      let y = arena.matrix(queries?.rows ?? rows.count, 12, of: Double.self)
      _ = block.forward(
        input, queryInput: input.rows(0..<y.rows), into: y, keys: own, queries: queries ?? own, in: arena, show: .nobody
      )
      return withExtendedLifetime(arena) { (0..<y.rows).map { y.row($0).array } }
    }
    #expect(block.spans(queries: count, keys: count).count == 5)
    let whole = output(0..<keys.rows)
    // Rotations depend on distances alone, so that a query's neighbours may stand anywhere: but for the rounding of the
    // angles to single precision, 300 · 6e-8.
    func difference(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? 0 }
    for query in [0, 1, 63, 64, 65, 128, 200, 299] {
      let near = max(0, query - window)..<min(count, query + window + 1)
      #expect(difference(output(near)[query - near.lowerBound], whole[query]) < 1e-4, "\(query)")
    }
    #expect(difference(output(0..<count, queries: .single(1))[0], whole[0]) < 1e-12)
    // A token changes the queries as far as the window goes, and no bit of another.
    for token in [0, 63, 64, 150, 299] {
      let row = matrix(x, count).row(token)
      let before = row.array
      for column in 0..<12 { row[column] += 0.3 }
      let changed = output(0..<count)
      for column in 0..<12 { row[column] = before[column] }
      for query in 0..<count {
        #expect((changed[query] == whole[query]) == (abs(query - token) > window), "\(token) and \(query)")
      }
    }
  }

  @Test("FeedForward with a gate", arguments: ["modernbert", "modernbert/mean"])
  func gate(family: String) { BlockTests(family: family).compareGate() }

  private func compareGate() {
    let block = model.weights.feedForward(2)
    let x = values(all.rows, 12, seed: 5)
    func forward(_ arena: Arena) -> (Matrix<Double>, FeedForward<Double>.Kept) {
      let y = arena.matrix(all.rows, 12, of: Double.self)
      let kept = block.forward(matrix(x, all.rows), into: y, keeps: true, all, in: arena, show: .nobody)
      if let bias = block.output.bias { add(bias: bias, to: y) }
      return (y, kept)
    }
    let (_, kept) = forward(arena)
    let below = arena.matrix(all.rows, 12, of: Double.self)
    block.backward(
      kept, gradient: coefficients(all.rows, 12), into: below, adds: false, all, in: arena, show: show
    ) { matrix(x, all.rows) }

    let loss = { self.loss { forward($0).0 } }
    compare(below.elements.array, with: x, "x", loss)
    for component in [Component.intermediate, .output] { compare(component, layer: 2, loss) }
    compareMask(collector.neuronMask[2]!, ofColumns: .output, layer: 2, loss)
  }

  @Test("Convolution", arguments: ["deberta-v2", "deberta-v2/c2p", "deberta-v2/one layer"], [false, true])
  func convolution(family: String, firstOnly: Bool) { BlockTests(family: family).compareConvolution(firstOnly) }

  private func compareConvolution(_ firstOnly: Bool) {
    guard case .convolution(let block)? = model.weights.layers[0].last?.block else {
      Issue.record("the first layer has no convolution")
      return
    }
    let queries = firstOnly ? first : all
    let e = values(all.rows, 12, seed: 7)
    func forward(_ arena: Arena) -> (Matrix<Double>, Convolution<Double>.Kept) {
      let y = arena.matrix(queries.rows, 12, of: Double.self)
      return (
        y, block.forward(matrix(e, all.rows), into: y, keeps: true, keys: all, queries: queries, in: arena)
      )
    }
    let (_, kept) = forward(arena)
    let below = arena.matrix(all.rows, 12, of: Double.self)
    block.backward(
      kept, gradient: coefficients(queries.rows, 12), into: below, keys: all, queries: queries, in: arena, show: show
    ) { matrix(e, all.rows) }

    let loss = { self.loss { forward($0).0 } }
    compare(below.elements.array, with: e, "e", loss)
    compare(.convolution, layer: nil, loss)
  }

  @Test("Sublayers with the LayerNorm before the block", arguments: [0, 1], [false, true])
  func normFirst(block index: Int, firstOnly: Bool) {
    BlockTests(family: "modernbert/mean").compareNormFirst(index, firstOnly)
  }

  private func compareNormFirst(_ index: Int, _ firstOnly: Bool) {
    let sublayer = model.weights.layers[1][index]
    let queries = firstOnly ? first : all
    // Behind an attention of fewer queries a feed-forward part has as many rows.
    let rows = index == 1 ? queries.rows : all.rows
    let x = values(rows, 12, seed: 8)
    func pass(_ arena: Arena, _ show: Audience<Double>) -> Sublayer<Double>.Pass {
      .init(keys: all, relative: nil, arena: arena, show: show)
    }
    func forward(_ arena: Arena) -> (Matrix<Double>, Sublayer<Double>.Kept) {
      let y = arena.matrix(queries.rows, 12, of: Double.self)
      let kept = sublayer.forward(
        matrix(x, rows), layerInput: matrix(x, rows), into: y, queries: queries, keeps: true, pass(arena, .nobody))
      return (y, kept)
    }
    let (_, kept) = forward(arena)
    let input = BlockInput.norm(kept.norm!)
    let below = sublayer.backward(
      kept, gradient: coefficients(queries.rows, 12), relativeGradient: nil, atLayerInput: nil, input: input,
      layerInput: input, stopsAtMask: false, pass(arena, show))

    let loss = { self.loss { forward($0).0 } }
    compare(below!.elements.array, with: x, "x", loss)
    compare(index == 0 ? .attentionNorm : .outputNorm, layer: 1, loss)
    compare(index == 0 ? .attentionOutput : .intermediate, layer: 1, loss)
  }

  @Test("what stands above the layers", arguments: ["modernbert", "modernbert/mean", "deberta-v2/absolute"])
  func top(family: String) { BlockTests(family: family).compareTop() }

  private func compareTop() {
    let top = model.weights.top
    let rows = top.queries(all).rows
    let x = values(rows, 12, seed: 9)
    func forward(_ arena: Arena) -> Top<Double>.Kept {
      let copied = arena.matrix(rows, 12, of: Double.self)
      copy(x.vector, to: copied.elements)
      return top.forward(copied, all, in: arena, show: .nobody)
    }
    let kept = forward(arena)
    let y = arena.matrix(rows, 12, of: Double.self)
    // What the last layer of a family without a final LayerNorm ends with.
    let norm = model.weights.layers[1][0].norm!.forward(matrix(x, rows), into: y, in: arena)
    let below = top.backward(
      kept, gradient: coefficients(all.count, 3), all, in: arena, show: show, input: .norm(norm))

    let loss = { self.loss { forward($0).head.logits } }
    compare(below.elements.array, with: x, "x", loss)
    for component in [Component.finalNorm, .headNorm, .classifier] { compare(component, layer: nil, loss) }
  }
}
