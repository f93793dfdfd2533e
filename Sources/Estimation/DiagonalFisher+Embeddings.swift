import Parameters
import Encoders
import LinearAlgebra

extension DiagonalFisher {
  /// The embedding tables: an example's gradient is summed over the tokens that share a row BEFORE it is squared, so
  /// only touched rows are non-zero.
  package func observeEmbeddings(_ tables: [TableRows], gradient: Matrix<Scalar>, _ segments: Segments) {
    for table in tables { addSquaredRows(table.component, rows: table.rows, segments, gradient) }
  }

  /// One table whose row `rows[t]` was added to token t.
  private func addSquaredRows(_ component: Component, rows: [Int32], _ segments: Segments, _ gradient: Matrix<Scalar>) {
    scratch.reset()
    let slot = slot(component, nil, .weight)
    let touched = Array(Set(rows)).sorted()
    let place = Dictionary(uniqueKeysWithValues: touched.enumerated().map { ($1, $0) })
    let total = scratch.matrix(touched.count, gradient.columns, of: Double.self)
    total.elements.clear()
    let sum = scratch.vector(gradient.columns, of: Scalar.self)
    var traces = Traces(segments.count)
    for example in 0..<segments.count {
      let tokensByRow = Dictionary(grouping: segments[example]) { rows[$0] }
      // In one order, so that the trace has the same bits in every run.
      for (row, tokens) in tokensByRow.sorted(by: { $0.key < $1.key }) {
        guard let target = place[row] else { continue }
        for base in stride(from: 0, to: gradient.rows, by: segments.rows) {
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
    addTraces(traces, of: slot, outputs: rowCount(of: slot))
  }
}
