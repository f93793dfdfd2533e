import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Encoders

/// Rows that go through an encoder step by step come to what a forward pass gives.
@Suite("Forward passes in steps")
struct SteppedRowsTests {
  /// The inputs of linear layers in one forward pass.
  private final class Inputs: EncoderObserver {
    typealias Scalar = Double
    let interests: ObserverInterests = .inputs
    var seen: [(place: LinearInput, layer: Int?, rows: [[Double]])] = []

    func observeInput(_ place: LinearInput, layer: Int?, _ x: Matrix<Double>, _ segments: Segments) {
      seen.append((place, layer, (0..<x.rows).map { x.row($0).array }))
    }
  }

  @Test("every step's input is the forward pass's, in every family", arguments: RandomModel<Double>.variants)
  func inputs(name: String) {
    let model = RandomModel<Double>(RandomModel<Double>.small(name))
    let encoder = Encoder(weights: model.weights)
    let c = model.configuration
    let lengths = [4, 2, 6]
    let tokens = (0..<12).map { Int32(($0 * 7 + 1) % c.vocabulary) }
    let batch = TokenBatch(
      tokens: tokens, types: tokens.map { c.tokenTypes > 1 ? $0 % 2 : 0 },
      segments: Segments(offsets: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }))
    let observer = Inputs()
    let logits = encoder.forward(batch, observers: [observer]).logits
    let expected = (0..<logits.rows).map { logits.row($0).array }

    let arena = Arena()
    let rows = SteppedRows(batch, through: model.weights, arena: arena)
    var seen = observer.seen[...]
    for step in model.weights.steps {
      let own = seen.removeFirst()
      #expect(own.place == step.place && own.layer == step.number, "\(step)")
      let width = model.weights.linears(at: step)[0].weight.columns
      let input = rows.input(width)
      // Of the last layer the forward pass shows all rows.
      let all = own.rows.count == input.rows ? own.rows : batch.segments.offsets.dropLast().map { own.rows[$0] }
      #expect(all.count == input.rows)
      for (row, values) in all.enumerated() {
        let error = worstError(input.row(row).array, values, relative: 0, absolute: 1e-12)
        #expect(error < 1, "\(step), row \(row): \(error)")
      }
      // A copy goes its own way, and leaves the rows where they are.
      let copy = rows.copy()
      copy.advance(copy.outputs(model.weights, at: step), model.weights, at: step)
      rows.advance(rows.outputs(model.weights, at: step), model.weights, at: step)
    }
    // Where the head is the task's own, what it reads is left.
    guard model.weights.head.input != .pooler else { return }
    let kept = model.weights.head.forward(
      rows.pooled(model.weights), .single(batch.segments.count), in: arena, show: .nobody)
    for (row, values) in expected.enumerated() {
      #expect(worstError(kept.logits.row(row).array, values, relative: 0, absolute: 1e-12) < 1)
    }
  }
}
