import Foundation
import LinearAlgebra
import Testing

@testable import Merging

/// `Tests/Reference/golden/regmean.json`, which `Tests/Reference/regmean.py` computed by literal least squares.
struct RegMeanGolden: Decodable {
  struct Case: Decodable {
    let alpha: Double
    let perRow: Int
    let joint: Int
    let ridge: Double
    let weight: [[Double]]
    let bias: [Double]
  }
  let coefficients: [Double]
  let weights: [[[Float]]]
  let biases: [[Float]]
  /// [data set][model][row][input]
  let inputs: [String: [String: [[Double]]]]
  let cases: [String: Case]

  static let committed = Result {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(
      RegMeanGolden.self, from: Data(contentsOf: tests.appending(path: "Reference/golden/regmean.json")))
  }
}

@Suite("RegMean against the float64 reference")
struct RegMeanGoldenTests {
  static let cases: [String] = (try? RegMeanGolden.committed.get().cases.keys.sorted()) ?? []

  @Test("The reference holds every combination of settings")
  func complete() throws {
    _ = try RegMeanGolden.committed.get()
    #expect(Self.cases.count == 32)
  }

  @Test("Merged weights and biases are the reference's, from the rows of data on", arguments: cases)
  func golden(name: String) throws {
    let golden = try RegMeanGolden.committed.get()
    let expected = try #require(golden.cases[name])
    let sets = try #require(golden.inputs[String(name.prefix { $0 != " " })])
    var problem = RegMeanProblem(
      inputs: 6, rows: [1, 1, 1], coefficients: try Coefficients(golden.coefficients, models: names(3)).values, seed: 0)
    problem.data = try (0..<3).map { try #require(sets["\($0)"]) }
    problem.weights = golden.weights.map { rows in
      [Array(rows[0..<4]), Array(rows[4..<7])].map { part in
        Tensor(rows: part.count, columns: 6) { part[$0 / 6][$0 % 6] }
      }
    }
    problem.biases = golden.biases.map { [Tensor(Array($0[0..<4])), Tensor(Array($0[4..<7]))] }
    let rule = RegMeanRule(
      offDiagonal: expected.alpha, weighting: expected.perRow == 1 ? .perRow : .sum,
      bias: expected.joint == 1 ? .joint : .mean)
    let solution = try problem.solve(rule)
    #expect(distance(solution.weights, expected.weight) < 1e-7)
    #expect(distance(solution.biases, [expected.bias]) < 1e-7)
    #expect((solution.report.ridge ?? 0) == expected.ridge)
    #expect(solution.report.deadInputs == (name.hasPrefix("dead") ? 1 : 0))
  }
}
