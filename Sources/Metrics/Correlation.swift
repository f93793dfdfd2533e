/// Pearson's correlation; nil where one side does not vary, or there are no pairs.
package func pearson(_ x: [Double], _ y: [Double]) -> Double? {
  precondition(x.count == y.count, "correlation of pairs")
  guard let x = standardized(x), let y = standardized(y) else { return nil }
  let sum = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
  // Rounding may leave the last bit above 1.
  return min(1, max(-1, sum))
}

/// Spearman's correlation: Pearson's of the ranks, ties having the mean of theirs; nil where one side does not vary.
package func spearman(_ x: [Double], _ y: [Double]) -> Double? { pearson(ranks(x), ranks(y)) }

/// The rank of each value from 1 upward; equal values share the mean of their ranks.
package func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    // The ranks start + 1 … end.
    for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
    start = end
  }
  return ranks
}

/// The values less their mean, divided by the norm of that; nil where they do not vary.
private func standardized(_ values: [Double]) -> [Double]? {
  guard let first = values.first, values.contains(where: { $0 != first }) else { return nil }
  // Divided by the largest first: squares of very large or very small values would leave the range of Double.
  let largest = values.reduce(0) { max($0, abs($1)) }
  let scaled = values.map { $0 / largest }
  let mean = scaled.reduce(0, +) / Double(scaled.count)
  let centred = scaled.map { $0 - mean }
  let deviation = centred.reduce(0) { max($0, abs($1)) }
  guard deviation > 0, deviation.isFinite else { return nil }
  let relative = centred.map { $0 / deviation }
  let norm = relative.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return relative.map { $0 / norm }
}
