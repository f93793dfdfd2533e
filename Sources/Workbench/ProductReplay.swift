import Datasets
import Encoders
import LinearAlgebra

/// All matrix products of a mask Fisher, of the same shapes and on as much memory, and nothing else: what a block would
/// take if everything between the products cost nothing.
///
/// Written down apart from the encoder, one product after another, so that it also counts the operations that the
/// mathematics needs (``operations``) without a formula.
package final class ProductReplay {
  /// The operations of all products since this object was made; of those about a window, of the pairs of tokens inside.
  package private(set) var operations = 0.0
  let weights: EncoderWeights<Float>
  let columns: Int
  let arena = Arena()
  /// Operands that no product makes: inputs, probabilities, gradients at the logits.
  private var given = Buffer<Float>(count: 0)

  /// - Parameter columns: how many gradients go backward.
  package init(weights: EncoderWeights<Float>, columns: Int) {
    self.weights = weights
    self.columns = columns
  }

  package func run(_ segments: Segments) {
    let c = weights.configuration
    arena.reset()
    let longest = (0..<segments.count).map { segments[$0].count }.max() ?? 0
    let table = c.variant.disentangled.map { $0.rows(queries: longest, keys: longest) } ?? 0
    let taps = c.variant.convolution.map { $0.taps * c.hidden / $0.groups } ?? 0
    provide(
      max(
        columns * segments.rows * c.hidden, c.heads * longest * longest, columns * segments.count * c.outputs,
        table * max(longest, c.hidden), taps * segments.rows))

    var kept: [Attended] = []
    var x = operand(segments.rows, c.hidden)
    if let projection = weights.embeddings.projection { x = forward(operand(segments.rows, c.embedding), projection) }
    for (index, layer) in weights.layers.enumerated() {
      let queries = index == weights.layers.count - 1 ? weights.top.queries(segments) : segments
      for sublayer in layer {
        switch sublayer.block {
        case .attention(let attention):
          let own = attend(attention, x, queries: queries, keys: segments, tableRows: table)
          kept.append(own)
          x = forward(own.context, attention.output)
        case .feedForward(let feedForward):
          let activation = forward(x, feedForward.intermediate)
          if let gate = feedForward.gate { _ = forward(x, gate) }
          // The place of the derivative that the encoder keeps.
          _ = arena.matrix(queries.rows, c.intermediate, of: Float.self)
          x = forward(activation, feedForward.output)
        case .convolution(let convolution):
          for group in convolution.groups { _ = forward(operand(queries.rows, group.weight.columns), group) }
        }
      }
    }
    let head = weights.head
    _ = forward(forward(operand(segments.count, c.hidden), head.dense), head.classifier)

    _ = backward(backward(operand(columns * segments.count, c.outputs), head.classifier), head.dense)
    var g = arena.matrix(columns * weights.top.queries(segments).rows, c.hidden, of: Float.self)
    copy(operand(g.rows, g.columns).elements, to: g.elements)
    for (index, layer) in weights.layers.enumerated().reversed() {
      for sublayer in layer.reversed() {
        switch sublayer.block {
        case .feedForward(let feedForward):
          // Memory is given back as the encoder does it, so that as much of it is in the caches.
          let start = arena.mark
          let inner = backward(g, feedForward.output)
          product(inner, feedForward.intermediate.weight, g)
          if let gate = feedForward.gate { product(inner, gate.weight, g, beta: 1) }
          arena.release(to: start)
        case .attention(let attention):
          let isWhole = g.rows == columns * segments.rows
          let below = isWhole ? g : arena.matrix(columns * segments.rows, c.hidden, of: Float.self)
          let scratch = arena.mark
          let atContext = backward(g, attention.output)
          guard index > 0 else { return }
          let atQuery = arena.matrix(g.rows, c.hidden, of: Float.self)
          let atKey = arena.matrix(below.rows, c.hidden, of: Float.self)
          let atValue = arena.matrix(below.rows, c.hidden, of: Float.self)
          attendBackward(attention, kept[index], segments, atContext, atQuery, atKey, atValue)
          product(atQuery, attention.query.weight, g)
          product(atKey, attention.key.weight, below, beta: isWhole ? 1 : 0)
          product(atValue, attention.value.weight, below, beta: 1)
          arena.release(to: scratch)
          g = below
        case .convolution: break  // Of the encoder's input, below which no mask is.
        }
      }
    }
  }

  /// X Wᵀ.
  func forward(_ x: Matrix<Float>, _ linear: Linear<Float>) -> Matrix<Float> {
    let y = arena.matrix(x.rows, linear.weight.rows, of: Float.self)
    product(x, linear.weight, y, transposeB: true)
    return y
  }

  /// G W.
  private func backward(_ g: Matrix<Float>, _ linear: Linear<Float>) -> Matrix<Float> {
    let x = arena.matrix(g.rows, linear.weight.columns, of: Float.self)
    product(g, linear.weight, x)
    return x
  }

  /// - Parameter useful: the multiplications that are needed; nil for all.
  func product(
    _ a: Matrix<Float>, _ b: Matrix<Float>, _ c: Matrix<Float>, transposeA: Bool = false, transposeB: Bool = false,
    beta: Float = 0, useful: Int? = nil
  ) {
    operations += 2 * Double(useful ?? c.rows * c.columns * (transposeA ? a.rows : a.columns))
    multiply(a, b, into: c, transposeA: transposeA, transposeB: transposeB, beta: beta)
  }

  func operand(_ rows: Int, _ columns: Int) -> Matrix<Float> {
    given.vector[0..<rows * columns].matrix(rows: rows, columns: columns)
  }

  /// Sums of such numbers neither grow nor vanish over the layers, so that no product meets subnormal numbers.
  private func provide(_ count: Int) {
    guard given.count < count else { return }
    given = Buffer(count: count)
    var random = SplitMix64(seed: 1)
    for index in 0..<count {
      given.vector[index] = Float(Int32(truncatingIfNeeded: random.next())) * 0x1p-32
    }
  }
}
