import Testing

@testable import Merging

/// The weights of token rows against their formula.
@Suite("Weights of token rows by counts")
struct TokenRowWeightsTests {
  private func coefficients(_ values: [Double]) throws -> Coefficients {
    try Coefficients(values, models: ["a", "b"])
  }

  @Test("a row counts by its share of the model's tokens, times the coefficient")
  func shares() throws {
    let counts = [[6.0, 2, 0, 0], [1, 1, 2, 0]]
    let weights = try TokenRowWeights.weights(counts: counts, coefficients: coefficients([3, 1]))
    #expect(weights.axis == .rows && weights.blockCount == 4)
    for (model, lambda) in [0.75, 0.25].enumerated() {
      let total = counts[model].reduce(0, +)
      for row in 0..<4 {
        let expected = lambda * (counts[model][row] / total + 1e-6 / 4)
        #expect(abs(weights.values[model][row] - expected) < 1e-15, "\(model), \(row)")
      }
    }
    // A token that nobody has is a plain average, and none of them is without a weight.
    #expect(abs(weights.values[0][3] / weights.sums[3] - 0.75) < 1e-12 && weights.plainBlocks == 0)
  }

  @Test("the number of examples has no effect")
  func scale() throws {
    let few = try TokenRowWeights.weights(counts: [[1, 3], [2, 2]], coefficients: coefficients([1, 1]))
    let many = try TokenRowWeights.weights(counts: [[100, 300], [2, 2]], coefficients: coefficients([1, 1]))
    #expect(few == many)
  }

  @Test("what are no counts is refused with the model and the place", arguments: [-1, Double.nan, .infinity])
  func refused(value: Double) throws {
    let error = #expect(throws: MergingError.self) {
      try TokenRowWeights.weights(counts: [[1, 2], [1, value]], coefficients: coefficients([1, 1]))
    }
    #expect(error?.subject.hasPrefix("b") == true, "\(String(describing: error))")
    #expect(throws: MergingError.self) {
      try TokenRowWeights.weights(counts: [[1, 2], [0, 0]], coefficients: coefficients([1, 1]))
    }
  }
}
