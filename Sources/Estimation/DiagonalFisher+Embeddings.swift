import Parameters
import Encoders
import LinearAlgebra

extension DiagonalFisher {
  /// The three embedding tables: an example's gradient is summed over the tokens that share a row BEFORE it is squared,
  /// so only touched rows are non-zero.
  package func observeEmbeddings(of batch: TokenBatch, gradient: Matrix<Scalar>) {
    let positions = (0..<batch.segments.count).flatMap { (0..<batch.segments[$0].count).map(Int32.init) }
    addSquaredRows(.wordEmbeddings, rows: batch.tokens, batch, gradient)
    addSquaredRows(.positionEmbeddings, rows: positions, batch, gradient)
    addSquaredRows(.tokenTypeEmbeddings, rows: batch.types, batch, gradient)
  }

  /// One table whose row `rows[t]` was added to token t.
  private func addSquaredRows(_ component: Component, rows: [Int32], _ batch: TokenBatch, _ gradient: Matrix<Scalar>) {
    scratch.reset()
    let slot = slot(component, nil, .weight)
    let touched = Array(Set(rows)).sorted()
    let place = Dictionary(uniqueKeysWithValues: touched.enumerated().map { ($1, $0) })
    let total = scratch.matrix(touched.count, gradient.columns, of: Double.self)
    total.elements.clear()
    let sum = scratch.vector(gradient.columns, of: Scalar.self)
    var traces = Traces(batch.segments.count)
    for example in 0..<batch.segments.count {
      let tokensByRow = Dictionary(grouping: batch.segments[example]) { rows[$0] }
      // In one order, so that the trace has the same bits in every run.
      for (row, tokens) in tokensByRow.sorted(by: { $0.key < $1.key }) {
        guard let target = place[row] else { continue }
        for base in stride(from: 0, to: gradient.rows, by: batch.segments.rows) {
          copy(gradient.row(base + tokens[0]), to: sum)
          for token in tokens.dropFirst() { add(gradient.row(base + token), to: sum) }
          traces[example] += addSquares(of: sum, toWide: total.row(target))
        }
      }
    }
    var magnitude = 0.0
    for (target, row) in touched.enumerated() {
      magnitude = max(magnitude, sums.add(total.row(target), to: slot, at: Int(row) * gradient.columns))
    }
    sums.close(slot, terms: 1, magnitude: magnitude)
    addTraces(traces, of: slot)
  }
}
