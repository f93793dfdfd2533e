import Parameters
import Encoders
import LinearAlgebra
import TestSupport
import Testing

/// ℓ = Σ over examples and outputs of coefficient · logit: linear in the logits, so its gradient there is known.
private func loss(_ encoder: Encoder<Double>, _ batch: TokenBatch, _ coefficients: [Double]) -> Double {
  zip(encoder.forward(batch).logits.elements.array, coefficients).map(*).reduce(0, +)
}

struct GradientTests {
  @Test("every parameter's gradient equals a central difference in double", arguments: RandomModel<Double>.variants)
  func finiteDifferences(family: String) {
    let model = RandomModel<Double>(RandomModel<Double>.small(family))
    let batch = RandomModel<Double>.batch
    let encoder = Encoder(weights: model.weights)
    let coefficients = (0..<batch.segments.count * 3).map { [0.7, -1.3, 0.4, 1.1][$0 % 4] }
    let collector = GradientCollector(heads: 3)
    let activations = encoder.forward(batch, observers: [collector])
    let at = encoder.arena.matrix(batch.segments.count, 3, of: Double.self)
    for (index, value) in coefficients.enumerated() { at.elements[index] = value }
    encoder.backward(activations, outputGradient: at, observers: [collector])

    let step = 1e-5
    for parameter in model.parameters {
      let buffer = model.buffers[parameter]!
      // A stride that is prime to the row length visits every row and column sooner or later.
      for entry in stride(from: 0, to: buffer.count, by: max(1, buffer.count / 40 | 1)) {
        let value = buffer.vector[entry]
        buffer.vector[entry] = value + step
        let above = loss(encoder, batch, coefficients)
        buffer.vector[entry] = value - step
        let below = loss(encoder, batch, coefficients)
        buffer.vector[entry] = value
        let expected = (above - below) / (2 * step)
        let found = collector.gradient(of: parameter, entry: entry)
        // The difference quotient is good to about step² · ℓ''' + 1e-16 · ℓ / step = 1e-9.
        #expect(abs(found - expected) < 1e-7 * max(1, abs(expected)), "\(parameter.name) entry \(entry)")
      }
    }
  }

  /// ∂ℓ/∂m_h = ⟨W_O[:, h], ∇W_O[:, h]⟩ = ⟨W_V[h], ∇W_V[h]⟩ + ⟨b_V[h], ∇b_V[h]⟩, and columns of the second FFN matrix
  /// likewise.
  @Test("mask gradients equal the inner products of the weights that they scale with their gradients")
  func maskIdentities() {
    let model = RandomModel<Double>(RandomModel<Double>.small, seed: 5)
    let c = model.configuration
    let encoder = Encoder(weights: model.weights)
    let collector = GradientCollector(heads: c.heads)
    let activations = encoder.forward(RandomModel<Double>.batch, observers: [collector])
    let at = encoder.arena.matrix(activations.logits.rows, c.outputs, of: Double.self)
    for index in 0..<at.count { at.elements[index] = Double(index % 5) - 1.5 }
    encoder.backward(activations, outputGradient: at, observers: [collector])
    for layer in 0..<c.layers {
      let attention = model.weights.attention(layer)
      let feedForward = model.weights.feedForward(layer)
      func gradient(_ name: String) -> [Double] { collector.gradients[name]! }
      for head in 0..<c.heads {
        let inside = head * c.headSize..<(head + 1) * c.headSize
        let output = inside.reduce(0.0) { sum, column in
          sum
            + (0..<c.hidden).reduce(0.0) {
              $0 + attention.output.weight[$1, column]
                * gradient("attentionOutput.\(layer).weight")[$1 * c.hidden + column]
            }
        }
        let value = inside.reduce(0.0) { sum, row in
          sum + attention.value.bias![row] * gradient("value.\(layer).bias")[row]
            + (0..<c.hidden).reduce(0.0) {
              $0 + attention.value.weight[row, $1] * gradient("value.\(layer).weight")[row * c.hidden + $1]
            }
        }
        #expect(abs(collector.headMask[layer]![head] - output) < 1e-11)
        #expect(abs(collector.headMask[layer]![head] - value) < 1e-11)
      }
      for neuron in 0..<c.intermediate {
        let column = (0..<c.hidden).reduce(0.0) {
          $0 + feedForward.output.weight[$1, neuron] * gradient("output.\(layer).weight")[$1 * c.intermediate + neuron]
        }
        #expect(abs(collector.neuronMask[layer]![neuron] - column) < 1e-11)
      }
    }
  }

  @Test("an example's logits do not depend on what else is in its block", arguments: RandomModel<Double>.variants)
  func ragged(family: String) {
    let model = RandomModel<Double>(RandomModel<Double>.small(family))
    let batch = RandomModel<Double>.batch
    let encoder = Encoder(weights: model.weights)
    let together = encoder.forward(batch).logits.elements.array
    for example in 0..<batch.segments.count {
      let tokens = batch.segments[example]
      let alone = encoder.forward(
        TokenBatch(
          tokens: Array(batch.tokens[tokens]), types: Array(batch.types[tokens]),
          segments: Segments(offsets: [0, tokens.count])))
      for output in 0..<3 { #expect(abs(alone.logits[0, output] - together[example * 3 + output]) < 1e-12) }
    }
  }

  @Test("rows that are not attended change no bit of the others; attended ones do")
  func attendedRows() {
    let model = RandomModel<Float>(RandomModel<Float>.small)
    let batch = RandomModel<Float>.batch
    let encoder = Encoder(weights: model.weights)
    let alone = encoder.forward(batch).logits.elements.array
    var tokens: [Int32] = []
    var types: [Int32] = []
    var offsets = [0]
    for example in 0..<batch.segments.count {
      let rows = batch.segments[example]
      let padding = 11 - rows.count
      tokens += batch.tokens[rows] + Array(repeating: 29, count: padding)
      types += batch.types[rows] + Array(repeating: 0, count: padding)
      offsets.append(tokens.count)
    }
    func logits(attended: [Int]?) -> [Float] {
      let segments = Segments(offsets: offsets, attended: attended)
      #expect(segments.isWhollyAttended == (attended == nil))
      return encoder.forward(TokenBatch(tokens: tokens, types: types, segments: segments)).logits.elements.array
    }
    #expect(logits(attended: [5, 1, 9, 2]) == alone)
    #expect(zip(logits(attended: nil), alone).allSatisfy { abs($0 - $1) > 1e-4 })
    #expect(Segments(offsets: [0, 2, 3], attended: [2, 1]) == Segments(offsets: [0, 2, 3]))
  }

  @Test("the key's bias has a gradient of exactly zero but for rounding")
  func keyBias() {
    let model = RandomModel<Double>(RandomModel<Double>.small)
    let encoder = Encoder(weights: model.weights)
    let collector = GradientCollector(heads: 3)
    let activations = encoder.forward(RandomModel<Double>.batch, observers: [collector])
    let at = encoder.arena.matrix(activations.logits.rows, 3, of: Double.self)
    for index in 0..<at.count { at.elements[index] = 1 + Double(index) }
    encoder.backward(activations, outputGradient: at, observers: [collector])
    for layer in 0..<3 {
      #expect(collector.gradients["key.\(layer).bias"]!.allSatisfy { abs($0) < 1e-12 })
      #expect(collector.gradients["query.\(layer).bias"]!.contains { abs($0) > 1e-3 })
    }
  }
}
