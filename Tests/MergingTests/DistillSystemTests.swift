import LinearAlgebra
import Testing

@testable import Merging

/// The systems of distillation against all unknowns solved at once by elimination.
@Suite("Systems of distillation")
struct DistillSystemTests {
  private static let (inputs, outputs, models) = (4, 7, 3)

  /// Random rows of every model, its own layer, and a metric of its outputs.
  private struct Problem {
    /// [model][row][unknown], the last of which is 1.
    var inputs: [[[Double]]] = []
    /// [model][row][output]
    var targets: [[[Double]]] = []
    var weights: [Tensor] = []
    var biases: [Tensor] = []
    /// Of B = G Gᵀ: [model][column][output].
    var gradients: [[[Double]]] = []
    var coefficients = [0.2, 0.5, 0.3]
    let unknowns = DistillSystemTests.inputs + 1

    init(rank: Int = 2) {
      var random = SplitMix64(seed: 7)
      func vector(_ count: Int) -> [Double] { (0..<count).map { _ in Double.random(in: -1...1, using: &random) } }
      for model in 0..<DistillSystemTests.models {
        let rows = 9 + 4 * model
        inputs.append((0..<rows).map { _ in vector(DistillSystemTests.inputs) + [1] })
        targets.append((0..<rows).map { _ in vector(DistillSystemTests.outputs) })
        gradients.append((0..<rank).map { _ in vector(DistillSystemTests.outputs) })
        weights.append(Tensor.random(rows: DistillSystemTests.outputs, columns: DistillSystemTests.inputs, &random))
        biases.append(Tensor.random(rows: DistillSystemTests.outputs, &random))
      }
    }

    /// A_j, as sums over rows divided by their number.
    func gram(_ model: Int) -> [[Double]] {
      (0..<unknowns).map { a in
        (0..<unknowns).map { b in
          inputs[model].reduce(0) { $0 + $1[a] * $1[b] } / Double(inputs[model].count)
        }
      }
    }

    /// YᵀX / n of some directions of the outputs.
    func products(_ model: Int, _ direction: (Int, [Double]) -> Double, _ count: Int) -> [[Double]] {
      let rows = Double(inputs[model].count)
      return (0..<count).map { row in
        (0..<unknowns).map { column in
          zip(inputs[model], targets[model]).reduce(0) { $0 + direction(row, $1.1) * $1.0[column] } / rows
        }
      }
    }

    /// [W, b] of a model.
    func own(_ model: Int, _ output: Int, _ unknown: Int) -> Double {
      unknown < DistillSystemTests.inputs
        ? Double(weights[model].matrix[output, unknown]) : Double(biases[model].vector[output])
    }

    /// B with the trace 1, as a sketch that has all of it.
    func metric(_ model: Int, rank: Int, floor: Double) -> LowRankMetric {
      let d = DistillSystemTests.outputs
      let (sketch, identity) = (Buffer<Double>(count: d * d), Buffer<Double>(count: d * d))
      var trace = 0.0
      for a in 0..<d {
        identity.vector[a * d + a] = 1
        for b in 0..<d { sketch.vector[a * d + b] = gradients[model].reduce(0) { $0 + $1[a] * $1[b] } }
        trace += sketch.vector[a * d + a]
      }
      return withExtendedLifetime((sketch, identity)) {
        LowRankMetric(
          sketch: sketch.vector.matrix(rows: d, columns: d), trace: trace,
          projection: identity.vector.matrix(rows: d, columns: d), rank: rank, floor: floor)
      }
    }

    /// B̂ by its definition, for gradients that are no more than the rank.
    func dense(_ model: Int, floor: Double) -> [[Double]] {
      let d = DistillSystemTests.outputs
      let trace = gradients[model].joined().reduce(0) { $0 + $1 * $1 }
      return (0..<d).map { a in
        (0..<d).map { b in
          let value = gradients[model].reduce(0) { $0 + $1[a] * $1[b] }
          return (a == b ? floor : 0) + (1 - floor) * Double(d) * value / trace
        }
      }
    }

    func ridge(_ model: Int, _ rule: DistillRule) -> Double {
      let a = gram(model)
      let mean = (0..<unknowns).reduce(0) { $0 + a[$1][$1] } / Double(unknowns)
      return (rule.ridge + rule.rowRidge * Double(unknowns) / Double(inputs[model].count)) * mean
    }
  }

  /// W by the system under test, row by row, and how it was solved.
  private func solve(_ problem: Problem, _ rule: DistillRule) throws -> ([[Double]], SolveReport) {
    let (d, n) = (Self.outputs, problem.unknowns)
    let system = DistillSystem(rule, tensor: "layer", unknowns: n, coefficients: problem.coefficients)
    for model in 0..<Self.models {
      let a = problem.gram(model)
      try system.add(model: model, rows: Double(problem.inputs[model].count)) { target in
        for row in 0..<n { for column in row..<n { target[row, column] = a[row][column] } }
      }
    }
    try system.factorise()
    let products = Buffer<Double>(count: d * n)
    var owners: [Buffer<Double>] = [products]
    for model in 0..<Self.models {
      let own = problem.products(model, { $1[$0] }, d)
      for row in 0..<d {
        for column in 0..<n { products.vector[row * n + column] += problem.coefficients[model] * own[row][column] }
      }
    }
    let metric =
      rule.metric == .identity
      ? nil
      : CommonMetric(
        (0..<Self.models).map { problem.metric($0, rank: rule.rank, floor: rule.beta) })
    let sketched = (metric?.models ?? []).enumerated().map { model, own in
      let r = own.directions.columns
      let buffer = Buffer<Double>(count: r * n)
      owners.append(buffer)
      let seen = problem.products(
        model, { column, y in (0..<d).reduce(0) { $0 + own.directions[$1, column] * y[$1] } }, r)
      for row in 0..<r {
        for column in 0..<n { buffer.vector[row * n + column] = problem.coefficients[model] * seen[row][column] }
      }
      return buffer.vector.matrix(rows: r, columns: n)
    }
    let target = products.vector.matrix(rows: d, columns: n)
    let report = try system.solve(
      "layer", products: target,
      teachers: (0..<Self.models).map {
        LinearParameters(weight: problem.weights[$0].matrix, bias: problem.biases[$0].vector)
      }, metric: metric, sketched: sketched)
    return withExtendedLifetime(owners) { ((0..<d).map { target.row($0).array }, report) }
  }

  /// Σ_j B̂_j W A'_j = Σ_j B̂_j P'_j with all d · n unknowns, by elimination.
  private func dense(_ problem: Problem, _ rule: DistillRule) -> [[Double]] {
    let (d, n) = (Self.outputs, problem.unknowns)
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: d * n + 1), count: d * n)
    for model in 0..<Self.models {
      let lambda = problem.coefficients[model]
      let ridge = problem.ridge(model, rule)
      var a = problem.gram(model)
      for index in 0..<n { a[index][index] += ridge }
      let p = problem.products(model, { $1[$0] }, d)
      let b =
        rule.metric == .identity
        ? (0..<d).map { row in (0..<d).map { $0 == row ? 1 : 0 } } : problem.dense(model, floor: rule.beta)
      for o in 0..<d {
        for i in 0..<n {
          for q in 0..<d {
            for k in 0..<n { matrix[o * n + i][q * n + k] += lambda * b[o][q] * a[k][i] }
            matrix[o * n + i][d * n] += lambda * b[o][q] * (p[q][i] + ridge * problem.own(model, q, i))
          }
        }
      }
    }
    let solution = eliminate(matrix)
    return (0..<d).map { Array(solution[$0 * n..<($0 + 1) * n]) }
  }

  private func worst(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a.joined(), b.joined()).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test("under the identity every row is solved for itself")
  func identity() throws {
    let problem = Problem()
    let rule = DistillRule(metric: .identity)
    let (found, report) = try solve(problem, rule)
    // 7 · 5 unknowns of size 1 in double, of a condition below 100.
    #expect(worst(found, dense(problem, rule)) < 1e-12)
    #expect(report.iteration == nil)
  }

  @Test("under a metric of low rank the iteration reaches the dense solution", arguments: [0.02, 0.1, 0.5])
  func lowRank(beta: Double) throws {
    let problem = Problem()
    let rule = DistillRule(rank: 2, beta: beta, tolerance: 1e-12, steps: 200)
    let (found, report) = try solve(problem, rule)
    // The sketch is shifted by 1e-10 of its size, and the residual is 1e-12 of the first.
    #expect(worst(found, dense(problem, rule)) < 1e-7, "\(worst(found, dense(problem, rule)))")
    #expect(try #require(report.iteration).residual <= 1e-12)
    // And it is another one than that of the identity.
    #expect(worst(found, dense(problem, DistillRule(metric: .identity))) > 0.01)
  }

  @Test("gradients of more directions than outputs span everything")
  func fullRank() throws {
    let problem = Problem(rank: 9)
    let rule = DistillRule(rank: 7, beta: 0.1, tolerance: 1e-12, steps: 500)
    let (found, _) = try solve(problem, rule)
    #expect(worst(found, dense(problem, rule)) < 1e-7)
  }

  @Test("the iteration ends at its tolerance, or after its steps, and says which residual is left")
  func tolerance() throws {
    let problem = Problem()
    let (_, loose) = try solve(problem, DistillRule(tolerance: 0.1))
    let (_, short) = try solve(problem, DistillRule(tolerance: 1e-12, steps: 2))
    let (_, tight) = try solve(problem, DistillRule(tolerance: 1e-8, steps: 200))
    let iterations = try [loose, short, tight].map { try #require($0.iteration) }
    #expect(iterations[0].residual <= 0.1 && iterations[0].steps > 0)
    #expect(iterations[1].steps == 2 && iterations[1].residual > 1e-12)
    #expect(iterations[2].residual <= 1e-8 && iterations[2].steps > iterations[0].steps)
  }

  @Test("an iteration in single precision gives what one in double gives, as far as its tolerance goes")
  func precision() throws {
    let problem = Problem()
    // Just above and just below the tolerance at which the precision changes.
    let (single, _) = try solve(problem, DistillRule(tolerance: 1.01e-4, steps: 200))
    let (double, _) = try solve(problem, DistillRule(tolerance: 0.99e-4, steps: 200))
    let differences = zip(single.joined(), double.joined()).map { abs($0 - $1) }
    let largest = single.joined().reduce(0) { max($0, abs($1)) }
    // Both end at nearly the same step; an entry differs by no more than what the tolerance leaves.
    #expect((differences.max() ?? 0) < 1e-3 * largest && differences.contains { $0 > 0 })
  }

  @Test(
    "where all models have the same rows the preconditioner is the inverse, and one step is enough",
    arguments: [1e-3, 1e-9])
  func preconditioner(tolerance: Double) throws {
    var problem = Problem()
    for model in 0..<Self.models {
      problem.inputs[model] = problem.inputs[0]
      problem.targets[model] = Array(problem.targets[2].prefix(problem.inputs[0].count)).map {
        $0.map { $0 * Double(model + 1) }
      }
    }
    problem.coefficients = [1, 1, 1].map { $0 / Double(Self.models) }
    let (_, report) = try solve(problem, DistillRule(tolerance: tolerance))
    #expect(report.iteration?.steps == 1, "\(String(describing: report.iteration))")
  }

  @Test("a system whose inverse single precision cannot hold is solved all the same", arguments: [1, 1e-4])
  func condition(scale: Double) throws {
    var problem = Problem()
    // One input is so small beside the others that squares of it are nothing in single precision.
    for model in 0..<Self.models {
      for row in problem.inputs[model].indices { problem.inputs[model][row][0] *= scale }
    }
    let rule = DistillRule(ridge: 1e-9, rowRidge: 0, tolerance: 1e-3, steps: 200)
    let (found, report) = try solve(problem, rule)
    #expect(report.condition > 1e7 || scale == 1)
    #expect(try #require(report.iteration).residual <= 1e-3)
    #expect(!found.joined().contains { !$0.isFinite })
  }

  @Test(
    "models that agree are given back, whatever the rows say",
    arguments: [
      // The products of a loose iteration are in single precision.
      (DistillRule.Metric.identity, 0.03, 1e-12), (.lowRank, 1e-6, 1e-12), (.lowRank, 0.03, 1e-6),
    ])
  func agreement(metric: DistillRule.Metric, tolerance: Double, error: Double) throws {
    var problem = Problem()
    for model in 0..<Self.models {
      (problem.weights[model], problem.biases[model]) = (problem.weights[0], problem.biases[0])
      problem.targets[model] = problem.inputs[model].map { x in
        (0..<Self.outputs).map { output in
          (0..<problem.unknowns).reduce(0) { $0 + problem.own(0, output, $1) * x[$1] }
        }
      }
    }
    let (found, _) = try solve(problem, DistillRule(metric: metric, tolerance: tolerance))
    for output in 0..<Self.outputs {
      for unknown in 0..<problem.unknowns {
        #expect(abs(found[output][unknown] - problem.own(0, output, unknown)) < error)
      }
    }
  }

  @Test("a sketch with few columns has a metric of low rank whole, in spite of single precision's rounding")
  func sketch() {
    let (d, columns, rank) = (40, 8, 3)
    var random = SplitMix64(seed: 3)
    let gradients = (0..<rank).map { _ in (0..<d).map { _ in Double.random(in: -1...1, using: &random) } }
    let (y, omega) = (Buffer<Double>(count: d * columns), Buffer<Double>(count: d * columns))
    // Any matrix of full rank will do: the first columns of the identity, turned a little.
    for row in 0..<d {
      for column in 0..<columns {
        omega.vector[row * columns + column] = row % columns == column ? 1 / Double(d / columns).squareRoot() : 0
      }
    }
    var trace = 0.0
    for gradient in gradients {
      trace += gradient.reduce(0) { $0 + $1 * $1 }
      for column in 0..<columns {
        let seen = (0..<d).reduce(0) { $0 + gradient[$1] * omega.vector[$1 * columns + column] }
        for row in 0..<d { y.vector[row * columns + column] += gradient[row] * seen }
      }
    }
    // As sums in single precision leave it.
    for index in 0..<y.count { y.vector[index] *= 1 + Double.random(in: -1e-7...1e-7, using: &random) }
    let metric = withExtendedLifetime((y, omega)) {
      LowRankMetric(
        sketch: y.vector.matrix(rows: d, columns: columns), trace: trace,
        projection: omega.vector.matrix(rows: d, columns: columns), rank: 6, floor: 0.1)
    }
    for a in 0..<d {
      for b in 0..<d {
        var found = 0.0
        for (column, weight) in metric.weights.enumerated() {
          found += weight * metric.directions[a, column] * metric.directions[b, column]
        }
        let expected = 0.9 * Double(d) * gradients.reduce(0) { $0 + $1[a] * $1[b] } / trace
        #expect(abs(found - expected) < 1e-4, "\(a), \(b)")
      }
    }
  }
}
