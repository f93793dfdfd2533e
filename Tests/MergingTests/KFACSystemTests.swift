import LinearAlgebra
import Testing

@testable import Merging

/// Layers by Kronecker factors against all unknowns solved at once by elimination.
@Suite("Systems of Kronecker factors")
struct KFACSystemTests {
  private static let (inputs, outputs, models) = (5, 4, 3)

  /// Random Gram matrices of every model, made of so many rows, and its layer.
  private struct Problem {
    /// [model][row][column]
    var inputGrams, outputGrams: [[[Double]]]
    var weights: [Tensor]
    var start: Tensor
    var lambda = [1.0, 3, 2]

    init(rows: Int = 9, models: Int = KFACSystemTests.models) {
      var random = SplitMix64(seed: 11)
      func gram(_ order: Int) -> [[Double]] {
        let x = (0..<rows).map { _ in (0..<order).map { _ in Double.random(in: -1...1, using: &random) } }
        return (0..<order).map { a in (0..<order).map { b in x.reduce(0) { $0 + $1[a] * $1[b] } } }
      }
      let (n, d) = (KFACSystemTests.inputs, KFACSystemTests.outputs)
      inputGrams = (0..<models).map { _ in gram(n) }
      outputGrams = (0..<models).map { _ in gram(d) }
      weights = (0..<models).map { _ in Tensor.random(rows: d, columns: n, &random) }
      start = Tensor.random(rows: d, columns: n, &random)
    }

    func coefficients() throws -> Coefficients { try Coefficients(lambda, models: names(lambda.count)) }

    func solve(_ rule: KFACRule) throws -> (weights: [Float], iteration: SolveReport.Iteration) {
      func fill(_ gram: [[Double]], _ target: Matrix<Double>) {
        for a in gram.indices { for b in a..<gram.count { target[a, b] = gram[a][b] } }
      }
      let system = KFACSystem(rule, inputs: KFACSystemTests.inputs, coefficients: try coefficients())
      for model in weights.indices { try system.add(model: model, tensor: "layer") { fill(inputGrams[model], $0) } }
      let target = Tensor(rows: KFACSystemTests.outputs, columns: KFACSystemTests.inputs) { start.array[$0] }
      let iteration = try system.solve("layer", sources: weights.map(\.matrix), target: target.matrix) {
        fill(outputGrams[$0], $1)
      }
      return (target.array, iteration)
    }

    /// c_j = λ_j / (tr A_j · tr B_j).
    func factor(_ model: Int) throws -> Double {
      func trace(_ gram: [[Double]]) -> Double { gram.indices.reduce(0) { $0 + gram[$1][$1] } }
      return try coefficients().values[model] / (trace(inputGrams[model]) * trace(outputGrams[model]))
    }

    /// The matrix of the normal equations with their right-hand side as its last column; row and column o · n + i.
    func equations() throws -> [[Double]] {
      let (n, d) = (KFACSystemTests.inputs, KFACSystemTests.outputs)
      var matrix = [[Double]](repeating: [Double](repeating: 0, count: d * n + 1), count: d * n)
      for model in weights.indices {
        let c = try factor(model)
        for (o, i, q, k) in all(d, n) {
          let entry = c * outputGrams[model][o][q] * inputGrams[model][k][i]
          matrix[o * n + i][q * n + k] += entry
          matrix[o * n + i][d * n] += entry * Double(weights[model].matrix[q, k])
        }
      }
      return matrix
    }

    private func all(_ d: Int, _ n: Int) -> [(Int, Int, Int, Int)] {
      (0..<d).flatMap { o in
        (0..<n).flatMap { i in (0..<d).flatMap { q in (0..<n).map { (o, i, q, $0) } } }
      }
    }
  }

  private func worst(_ found: [Float], _ expected: [Double]) -> Double {
    zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
  }

  @Test("the iteration reaches the dense solution")
  func dense() throws {
    let problem = Problem()
    let exact = eliminate(try problem.equations())
    let (found, iteration) = try problem.solve(KFACRule(steps: 400, tolerance: 1e-13))
    // Entries of size 1, rounded once to single precision; the condition is below 1e4.
    #expect(worst(found, exact) < 1e-7, "\(worst(found, exact))")
    #expect(iteration.residual <= 1e-13 && iteration.steps < 400)
    // And it is neither where it started nor what RegMean gives: other output grams change it.
    var other = problem
    other.outputGrams.swapAt(0, 1)
    #expect(worst(try other.solve(KFACRule(steps: 400)).weights, exact) > 0.01)
  }

  @Test("the iteration ends after its steps or at its tolerance, and says which residual is left")
  func steps() throws {
    let problem = Problem()
    #expect(try problem.solve(KFACRule(steps: 0)).weights == problem.start.array)
    let (_, few) = try problem.solve(KFACRule(steps: 3))
    let (_, loose) = try problem.solve(KFACRule(steps: 400, tolerance: 0.1))
    let (_, tight) = try problem.solve(KFACRule(steps: 400, tolerance: 1e-6))
    #expect(few.steps == 3 && few.residual > 1e-6)
    #expect(loose.residual <= 0.1 && tight.residual <= 1e-6 && loose.steps < tight.steps)
  }

  @Test("what no data determine stays where the iteration starts")
  func singular() throws {
    // Ranks 2 and 2 of 5 and 4 in one model: of 20 unknowns 4 are determined.
    var problem = Problem(rows: 2, models: 1)
    problem.lambda = [1]
    for i in 0..<Self.inputs { (problem.inputGrams[0][i][3], problem.inputGrams[0][3][i]) = (0, 0) }
    let (found, _) = try problem.solve(KFACRule(steps: 50, tolerance: 1e-12))
    let matrix = try problem.equations()
    for row in matrix {
      let left = zip(row, found).reduce(0) { $0 + $1.0 * Double($1.1) }
      #expect(abs(left - row[row.count - 1]) < 1e-7)
    }
    for output in 0..<Self.outputs {
      #expect(found[output * Self.inputs + 3] == problem.start.matrix[output, 3])
    }
    #expect(worst(found, problem.start.array.map(Double.init)) > 0.01)
  }

  @Test("models that agree are given back")
  func agreement() throws {
    var problem = Problem()
    problem.weights = problem.weights.map { _ in problem.weights[0] }
    let (found, _) = try problem.solve(KFACRule(steps: 400, tolerance: 1e-13))
    #expect(worst(found, problem.weights[0].array.map(Double.init)) < 1e-7)
  }

  @Test("sizes of the matrices are without effect, and so is a model without coefficient, input or gradient")
  func invariance() throws {
    let problem = Problem()
    let rule = KFACRule(steps: 30)
    let (expected, _) = try problem.solve(rule)
    var scaled = problem
    // A power of two changes no bit.
    for index in 0..<Self.inputs { scaled.inputGrams[1][index] = problem.inputGrams[1][index].map { $0 * 1024 } }
    for index in 0..<Self.outputs { scaled.outputGrams[2][index] = problem.outputGrams[2][index].map { $0 / 4096 } }
    #expect(sameBits(try scaled.solve(rule).weights, expected))
    var (silent, blind, deaf) = (problem, problem, problem)
    silent.lambda[1] = 0
    blind.inputGrams[1] = blind.inputGrams[1].map { $0.map { _ in 0 } }
    deaf.outputGrams[1] = deaf.outputGrams[1].map { $0.map { _ in 0 } }
    let without = try silent.solve(KFACRule(steps: 400, tolerance: 1e-13)).weights
    for other in [blind, deaf] {
      let (found, _) = try other.solve(KFACRule(steps: 400, tolerance: 1e-13))
      #expect(worst(found, without.map(Double.init)) < 1e-6)
    }
    // Without any gradient the start is all there is.
    deaf.outputGrams = deaf.outputGrams.map { _ in deaf.outputGrams[1] }
    #expect(try deaf.solve(rule).weights == problem.start.array)
  }

  @Test("a matrix that is no sum of squares is refused, with the model and the layer")
  func invalid() throws {
    var problem = Problem()
    problem.outputGrams[2][0][0] = -100
    let error = #expect(throws: MergingError.self) { try problem.solve(KFACRule()) }
    #expect(error?.subject == "model2: layer")
  }
}
