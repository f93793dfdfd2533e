import Datasets
import Encoders
import Estimation
import Foundation
import Testing

struct GradientFactorTests {
  private func expectedColumns(_ logits: [Double]) throws -> [[Double]] {
    try GradientFactor.columns(
      logits: logits, problem: .singleLabel, expectation: .expected, target: .none, seed: 0, row: 0)
  }

  @Test(
    "C − 1 columns give diag(p) − p pᵀ, from uniform to nearly certain",
    arguments: [[0.0, 0], [3, -4, 1], [0, 0, 0, 0, 0], [16.1, 0, 0], [-40, 0.2, 0.1, 30], [700, 0, -700]])
  func covariance(logits: [Double]) throws {
    let columns = try expectedColumns(logits)
    #expect(columns.count == logits.count - 1)
    let top = logits.max()!
    let e = logits.map { exp($0 - top) }
    let total = e.reduce(0, +)
    let p = e.map { $0 / total }
    for i in p.indices {
      for j in p.indices {
        let product = columns.reduce(0.0) { $0 + $1[i] * $1[j] }
        // p_i (1 − p_i) as p_i Σ_{k≠i} p_k: the difference would cancel for a confident model.
        let others = p.indices.filter { $0 != i }.reduce(0.0) { $0 + p[$1] }
        let expected = i == j ? p[i] * others : -p[i] * p[j]
        #expect(abs(product - expected) <= 1e-14 * max(abs(expected), p[i] * p[j]), "\(i), \(j)")
      }
    }
  }

  @Test("sketches are signed sums of the exact columns, whose mean over seeds is the exact expectation")
  func sketched() throws {
    let logits = [0.3, -1, 2, 0.5, 1]
    let exact = try expectedColumns(logits)
    func columns(seed: UInt64, draws: Int, row: Int = 3) throws -> [[Double]] {
      try GradientFactor.columns(
        logits: logits, problem: .singleLabel, expectation: .sketched(draws: draws), target: .none, seed: seed, row: row
      )
    }
    // √2 times a column is a sum of the four exact ones with signs.
    let signs = (0..<16).map { code in (0..<4).map { code >> $0 & 1 == 1 ? 1.0 : -1 } }
    for column in try columns(seed: 1, draws: 2) {
      let isSum = signs.contains { signs in
        logits.indices.allSatisfy { output in
          let sum = exact.indices.reduce(0) { $0 + signs[$1] * exact[$1][output] }
          return abs(sum - column[output] * 2.0.squareRoot()) < 1e-14
        }
      }
      #expect(isSum)
    }
    #expect(try columns(seed: 1, draws: 2) == columns(seed: 1, draws: 2))
    #expect(try columns(seed: 1, draws: 2) != columns(seed: 1, draws: 2, row: 4))
    // No more draws than columns: nothing is drawn.
    #expect(try columns(seed: 1, draws: 4) == exact && columns(seed: 1, draws: 9) == exact)
    // 4000 draws of numbers whose standard deviation is at most √2 of their mean: five standard errors.
    let gradient = [0.2, 1, -0.4, 0.7, 0.1]
    func squared(_ columns: [[Double]]) -> Double {
      columns.reduce(0) { sum, column in
        let product = zip(column, gradient).reduce(0) { $0 + $1.0 * $1.1 }
        return sum + product * product
      }
    }
    let mean = try (0..<4000).reduce(0) { try $0 + squared(columns(seed: UInt64($1), draws: 1)) } / 4000
    #expect(abs(mean / squared(exact) - 1) < 5 * (2.0 / 4000).squareRoot())
    for (problem, count) in [(EncoderConfiguration.Problem.multiLabel, 5), (.regression, 5)] {
      let found = try GradientFactor.columns(
        logits: logits, problem: problem, expectation: .sketched(draws: 3), target: .none, seed: 0, row: 0)
      #expect(found.count == 3 && found.allSatisfy { $0.count == count && !$0.contains(0) })
    }
  }

  @Test("a confident model's own score does not cancel")
  func confident() throws {
    let score = try GradientFactor.columns(
      logits: [40, 0], problem: .singleLabel, expectation: .argmax, target: .none, seed: 0, row: 0)[0]
    #expect(abs(score[0] / exp(-40) - 1) < 1e-12)
    #expect(score[1] == -score[0])
  }

  @Test("argmax is refused for regression, and empirical without a label names the row")
  func refusals() {
    #expect(throws: EstimationError.undefinedForRegression) {
      _ = try GradientFactor.columns(
        logits: [1], problem: .regression, expectation: .argmax, target: .none, seed: 0, row: 0)
    }
    #expect(throws: EstimationError.missingLabel(row: 7)) {
      _ = try GradientFactor.columns(
        logits: [1, 2], problem: .singleLabel, expectation: .empirical, target: .none, seed: 0, row: 7)
    }
  }

  @Test("a regression has unit variance for each output")
  func severalOutputs() throws {
    let logits = [0.5, -2, 1]
    func columns(_ expectation: Estimation.Expectation, _ target: Target = .none, of logits: [Double]) throws
      -> [[Double]]
    {
      try GradientFactor.columns(
        logits: logits, problem: .regression, expectation: expectation, target: target, seed: 3, row: 5)
    }
    #expect(try columns(.expected, of: logits) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(try columns(.expected, of: [7]) == [[1]])
    #expect(try columns(.empirical, .values([1, 1, 1]), of: logits) == [[0.5, 3, 0]])
    #expect(
      try columns(.empirical, .value(2), of: [0.5]) == [[1.5]]
        && columns(.empirical, .values([2]), of: [0.5]) == [[1.5]])
    for target in [Target.none, .value(1), .values([1, 1])] {
      #expect(throws: EstimationError.missingLabel(row: 5)) { try columns(.empirical, target, of: logits) }
    }
    let draws = try columns(.sampled(draws: 2000), of: logits)
    for i in 0..<3 {
      for j in 0..<3 {
        // The covariance of 2000 draws, to five standard errors.
        let covariance = draws.reduce(0) { $0 + $1[i] * $1[j] }
        #expect(abs(covariance - (i == j ? 1 : 0)) < 5 * (i == j ? 2 : 1).squareRoot() / 2000.0.squareRoot())
      }
    }
    // The first output's draws are those of a regression with one.
    #expect(
      try columns(.sampled(draws: 9), of: logits).map { $0[0] } == columns(.sampled(draws: 9), of: [0]).map { $0[0] })
  }

  @Test("sampled labels depend on seed, row and draw alone, and their mean square approaches the expectation")
  func sampled() throws {
    let logits = [0.3, -0.2, 1.1]
    func square(_ columns: [[Double]]) -> [Double] { (0..<3).map { i in columns.reduce(0) { $0 + $1[i] * $1[i] } } }
    let columns = try GradientFactor.columns(
      logits: logits, problem: .singleLabel, expectation: .sampled(draws: 1000), target: .none, seed: 1, row: 3)
    let again = try GradientFactor.columns(
      logits: logits, problem: .singleLabel, expectation: .sampled(draws: 1000), target: .none, seed: 1, row: 3)
    #expect(columns == again)
    let other = try GradientFactor.columns(
      logits: logits, problem: .singleLabel, expectation: .sampled(draws: 1000), target: .none, seed: 1, row: 4)
    #expect(columns != other)
    for (mean, exact) in zip(square(columns), square(try expectedColumns(logits))) {
      // 1000 draws of a bounded variable: a standard error below 0.016; five of them.
      #expect(abs(mean - exact) < 0.08)
    }
  }
}
