/// The one-to-one assignment of columns to rows with the largest sum of weights.
package enum Assignment {
  /// Kuhn and Munkres' method with potentials and shortest augmenting paths, O(n³), in integers: exact.
  ///
  /// Among assignments of equal sum one with most columns at their own row is chosen, so that nothing is moved without
  /// reason.
  /// - Parameter weights: [n, n] in row order; sums and n + 1 times a weight must fit an `Int`.
  /// - Returns: the row of each column.
  package static func maximumWeight(_ weights: [Int], size n: Int) -> [Int] {
    precondition(weights.count == n * n, "a square matrix of weights")
    // One on the diagonal after all weights are multiplied by n + 1 decides between equal sums and nothing else.
    func cost(_ row: Int, _ column: Int) -> Int { -(weights[row * n + column] * (n + 1) + (row == column ? 1 : 0)) }
    // Index n is a column that does not exist, where each path begins.
    var rowPotential = [Int](repeating: 0, count: n)
    var columnPotential = [Int](repeating: 0, count: n + 1)
    var rowOfColumn = [Int?](repeating: nil, count: n + 1)
    for row in 0..<n {
      rowOfColumn[n] = row
      var column = n
      var distance = [Int](repeating: .max, count: n)
      var previous = [Int](repeating: n, count: n)
      var isVisited = [Bool](repeating: false, count: n + 1)
      // Grow a tree of shortest paths until it reaches a free column.
      while let current = rowOfColumn[column] {
        isVisited[column] = true
        var step = Int.max
        var next = n
        for candidate in 0..<n where !isVisited[candidate] {
          let reduced = cost(current, candidate) - rowPotential[current] - columnPotential[candidate]
          if reduced < distance[candidate] {
            distance[candidate] = reduced
            previous[candidate] = column
          }
          if distance[candidate] < step {
            step = distance[candidate]
            next = candidate
          }
        }
        for visited in 0...n where isVisited[visited] {
          if let row = rowOfColumn[visited] { rowPotential[row] += step }
          columnPotential[visited] -= step
        }
        for candidate in 0..<n where !isVisited[candidate] { distance[candidate] -= step }
        column = next
      }
      // Shift the assignments along the path.
      while column != n {
        let before = previous[column]
        rowOfColumn[column] = rowOfColumn[before]
        column = before
      }
    }
    return (0..<n).map { rowOfColumn[$0] ?? $0 }
  }
}

extension ConfusionMatrix {
  /// The label that each predicted class should stand for so that most predictions are right: element c is the label of
  /// class c, and each label occurs once.
  package var bestPermutation: [Int] { Assignment.maximumWeight(counts, size: classes) }

  /// How many predictions are right if class c stands for the label `permutation[c]`.
  package func correct(under permutation: [Int]) -> Int {
    permutation.enumerated().reduce(0) { $0 + self[label: $1.element, prediction: $1.offset] }
  }
}
