import Datasets
import Encoders
import LinearAlgebra

/// All matrix products of a mask Fisher, of the same shapes and on as much memory, and nothing else: what a block would
/// take if everything between the products cost nothing.
///
/// Written down apart from the encoder, one product after another, so that it also counts the operations that the
/// mathematics needs (``operations``) without a formula.
package final class ProductReplay {
  /// The operations of all products since this object was made.
  package private(set) var operations = 0.0
  private let weights: EncoderWeights<Float>
  private let columns: Int
  private let arena = Arena()
  /// Operands that no product makes: inputs, probabilities, gradients at the logits.
  private var given = Buffer<Float>(count: 0)

  /// - Parameter columns: how many gradients go backward.
  package init(weights: EncoderWeights<Float>, columns: Int) {
    self.weights = weights
    self.columns = columns
  }

  private struct Kept {
    let queries: Segments
    let query, key, value: Matrix<Float>
  }

  package func run(_ segments: Segments) {
    let c = weights.configuration
    arena.reset()
    let longest = (0..<segments.count).map { segments[$0].count }.max() ?? 0
    provide(max(columns * segments.rows * c.hidden, c.heads * longest * longest, columns * segments.count * c.outputs))

    var kept: [Kept] = []
    var x = operand(segments.rows, c.hidden)
    for (index, layer) in weights.layers.enumerated() {
      let queries = index == weights.layers.count - 1 ? Segments.single(segments.count) : segments
      for sublayer in layer {
        switch sublayer.block {
        case .attention(let attention):
          let queryRows = queries.rows == x.rows ? x : operand(queries.rows, c.hidden)
          let own = Kept(
            queries: queries, query: forward(queryRows, attention.query), key: forward(x, attention.key),
            value: forward(x, attention.value))
          kept.append(own)
          x = forward(attend(own, segments), attention.output)
        case .feedForward(let feedForward):
          let activation = forward(x, feedForward.intermediate)
          // The place of the derivative that the encoder keeps.
          _ = arena.matrix(queries.rows, c.intermediate, of: Float.self)
          x = forward(activation, feedForward.output)
        }
      }
    }
    let head = weights.head
    _ = forward(forward(x, head.dense), head.classifier)

    var g = backward(backward(operand(columns * segments.count, c.outputs), head.classifier), head.dense)
    for (index, layer) in weights.layers.enumerated().reversed() {
      for sublayer in layer.reversed() {
        switch sublayer.block {
        case .feedForward(let feedForward):
          // Memory is given back as the encoder does it, so that as much of it is in the caches.
          let start = arena.mark
          let inner = backward(g, feedForward.output)
          product(inner, feedForward.intermediate.weight, g)
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
          attendBackward(kept[index], segments, atContext, atQuery, atKey, atValue)
          product(atQuery, attention.query.weight, g)
          product(atKey, attention.key.weight, below, beta: isWhole ? 1 : 0)
          product(atValue, attention.value.weight, below, beta: 1)
          arena.release(to: scratch)
          g = below
        }
      }
    }
  }

  private func attend(_ kept: Kept, _ keys: Segments) -> Matrix<Float> {
    let c = weights.configuration
    let context = arena.matrix(kept.queries.rows, c.hidden, of: Float.self)
    for example in 0..<keys.count {
      let (queryRows, keyRows) = (kept.queries[example], keys[example])
      let scores = arena.matrix(c.heads * queryRows.count, keyRows.count, of: Float.self)
      let p = operand(scores.rows, scores.columns)
      for head in 0..<c.heads {
        let (rows, columns) = (head * queryRows.count..<(head + 1) * queryRows.count, range(ofHead: head))
        product(
          kept.query.rows(queryRows).columns(columns), kept.key.rows(keyRows).columns(columns), scores.rows(rows),
          transposeB: true)
        product(p.rows(rows), kept.value.rows(keyRows).columns(columns), context.rows(queryRows).columns(columns))
      }
    }
    return context
  }

  private func attendBackward(
    _ kept: Kept, _ keys: Segments, _ context: Matrix<Float>, _ atQuery: Matrix<Float>, _ atKey: Matrix<Float>,
    _ atValue: Matrix<Float>
  ) {
    let heads = weights.configuration.heads
    for column in 0..<self.columns {
      let ofQueries = column * kept.queries.rows..<(column + 1) * kept.queries.rows
      let ofKeys = column * keys.rows..<(column + 1) * keys.rows
      for example in 0..<keys.count {
        let (queryRows, keyRows) = (kept.queries[example], keys[example])
        let start = arena.mark
        let scores = arena.matrix(heads * queryRows.count, keyRows.count, of: Float.self)
        let p = operand(scores.rows, scores.columns)
        for head in 0..<heads {
          let (rows, columns) = (head * queryRows.count..<(head + 1) * queryRows.count, range(ofHead: head))
          let dC = context.rows(ofQueries).rows(queryRows).columns(columns)
          product(p.rows(rows), dC, atValue.rows(ofKeys).rows(keyRows).columns(columns), transposeA: true)
          product(dC, kept.value.rows(keyRows).columns(columns), scores.rows(rows), transposeB: true)
          product(
            p.rows(rows), kept.key.rows(keyRows).columns(columns),
            atQuery.rows(ofQueries).rows(queryRows).columns(columns))
          product(
            p.rows(rows), kept.query.rows(queryRows).columns(columns),
            atKey.rows(ofKeys).rows(keyRows).columns(columns),
            transposeA: true)
        }
        arena.release(to: start)
      }
    }
  }

  private func range(ofHead head: Int) -> Range<Int> {
    let size = weights.configuration.headSize
    return head * size..<(head + 1) * size
  }

  /// X Wᵀ.
  private func forward(_ x: Matrix<Float>, _ linear: Linear<Float>) -> Matrix<Float> {
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

  private func product(
    _ a: Matrix<Float>, _ b: Matrix<Float>, _ c: Matrix<Float>, transposeA: Bool = false, transposeB: Bool = false,
    beta: Float = 0
  ) {
    operations += 2 * Double(c.rows * c.columns * (transposeA ? a.rows : a.columns))
    multiply(a, b, into: c, transposeA: transposeA, transposeB: transposeB, beta: beta)
  }

  private func operand(_ rows: Int, _ columns: Int) -> Matrix<Float> {
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
