import Merging
import Metrics
import Testing

@testable import Runs
@testable import Scoring

@Suite("Coefficients that a search tries")
struct SearchTests {
  @Test("two models are tried on an even grid from one to the other")
  func grid() {
    let grid = SearchTrials.coefficients(models: 2, count: 51, seed: 3)
    #expect(grid.count == 51 && grid[0] == [0, 1] && grid[25] == [0.5, 0.5] && grid[50] == [1, 0])
    #expect(zip(grid, grid.dropFirst()).allSatisfy { abs($1[0] - $0[0] - 0.02) < 1e-15 })
  }

  @Test("equal coefficients are always a trial", arguments: [2, 3, 4, 5, 20, 51])
  func equal(count: Int) {
    for models in 2...4 {
      let trials = SearchTrials.coefficients(models: models, count: count, seed: 7)
      let equal = [Double](repeating: 1 / Double(models), count: models)
      #expect(trials.count { $0 == equal } == 1 && trials[SearchTrials.equal(trials)] == equal)
      #expect(trials.count >= count)
    }
    #expect(SearchTrials.coefficients(models: 2, count: 2, seed: 7) == [[0, 1], [1, 0], [0.5, 0.5]])
  }

  @Test("more models are tried with equal coefficients and with draws from Dirichlet(1)")
  func dirichlet() {
    let draws = SearchTrials.coefficients(models: 4, count: 20_000, seed: 1)
    #expect(draws.count == 20_001 && draws[0] == [0.25, 0.25, 0.25, 0.25])
    #expect(draws.allSatisfy { $0.allSatisfy { $0 >= 0 } && abs($0.reduce(0, +) - 1) < 1e-14 })
    #expect(SearchTrials.coefficients(models: 4, count: 20_000, seed: 1) == draws)
    #expect(SearchTrials.coefficients(models: 4, count: 5, seed: 1) == Array(draws.prefix(6)))
    #expect(SearchTrials.coefficients(models: 4, count: 5, seed: 2)[1] != draws[1])
    // Each share of Dirichlet(1) over four has mean 1/4 and variance 3/80; the mean of 20 000 has a deviation of
    // 0.0014. Five of them.
    for model in 0..<4 {
      let values = draws.dropFirst().map { $0[model] }
      let mean = values.reduce(0, +) / 20_000
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
      #expect(abs(mean - 0.25) < 0.007 && abs(variance - 0.0375) < 0.002, "\(mean) \(variance)")
    }
  }

  @Test("the best trial is the one with the highest mean, of equal ones the most even")
  func best() {
    let trials = [[1.0, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]
    #expect(SearchTrials.best([0.1, 0.3, 0.2, 0.3], trials) == 1)
    #expect(SearchTrials.best([0.3, 0.3, 0.3, 0.3], trials) == 2)
    #expect(SearchTrials.best([-0.3, -0.1, -0.2, -0.2], trials) == 1)
  }

  @Test("a trial whose answers for one task do not vary loses to one that answers both tasks badly")
  func undefined() throws {
    let labels = Answers.classes([0, 1, 0, 1, 1, 0], count: 2)
    func score(_ answers: [Int]) -> TaskScore {
      TaskScore(
        scores: [Score(.matthews, of: .classes(answers, count: 2), labels: labels)], examples: 6, finding: nil)
    }
    let (good, poor, constant) = (score([0, 1, 0, 1, 1, 1]), score([0, 1, 0, 1, 0, 1]), score([1, 1, 1, 1, 1, 1]))
    #expect(constant.scores[0].value == nil && constant.merit == 0)
    #expect(good.merit > poor.merit && poor.merit > 0)
    // Left out of the mean, the constant answers would have won.
    let means = [[good, constant], [poor, good], [poor, poor]].map { ScoreColumn.mean($0) ?? 0 }
    #expect(means[0] == good.merit / 2 && SearchTrials.best(means, [[1, 0], [0, 1], [0.5, 0.5]]) == 1)
    // A task without examples is no part of the mean.
    #expect(ScoreColumn.mean([good, nil]) == good.merit && ScoreColumn.mean([nil, nil]) == nil)
  }
}
