import LinearAlgebra
import Testing

@testable import Merging

@Suite("RegMean")
struct RegMeanTests {
  static let rules: [RegMeanRule] = [0, 0.1, 0.9, 1].flatMap { alpha in
    RegMeanRule.Weighting.allCases.flatMap { weighting in
      RegMeanRule.Bias.allCases.map { RegMeanRule(offDiagonal: alpha, weighting: weighting, bias: $0) }
    }
  }
  /// Some units of the rounding to Float.
  static let rounding = 3e-7

  @Test("One model is given back", arguments: rules)
  func oneModel(rule: RegMeanRule) throws {
    let problem = RegMeanProblem(inputs: 9, rows: [40], seed: 1)
    let solution = try problem.solve(rule)
    #expect(distance(solution.weights, problem.weights[0].map(\.array)) < Self.rounding)
    #expect(distance(solution.biases, problem.biases[0].map(\.array)) < Self.rounding)
    #expect(solution.report.ridge == nil && solution.report.deadInputs == 0)
    #expect(solution.report.tensors == ["layer0", "layer1"])
  }

  @Test("Models that agree are given back whatever their data are", arguments: rules)
  func equalModels(rule: RegMeanRule) throws {
    var problem = RegMeanProblem(inputs: 9, rows: [40, 30, 11], coefficients: [0.5, 0.2, 0.3], seed: 2)
    for model in 1..<3 {
      problem.weights[model] = problem.weights[0]
      problem.biases[model] = problem.biases[0]
    }
    let solution = try problem.solve(rule)
    #expect(distance(solution.weights, problem.weights[0].map(\.array)) < Self.rounding)
    #expect(distance(solution.biases, problem.biases[0].map(\.array)) < Self.rounding)
  }

  @Test("Models with the same data are averaged by their coefficients", arguments: rules)
  func equalData(rule: RegMeanRule) throws {
    var problem = RegMeanProblem(inputs: 9, rows: [40, 40, 40], coefficients: [0.5, 0.2, 0.3], seed: 3)
    problem.data = [problem.data[0], problem.data[0], problem.data[0]]
    let solution = try problem.solve(rule)
    let average = try problem.average()
    #expect(distance(solution.weights, average.weights) < Self.rounding)
    #expect(distance(solution.biases, average.biases) < Self.rounding)
  }

  @Test(
    "Without off-diagonal entries every column is an average of its own",
    arguments: rules.filter { $0.offDiagonal == 0 })
  func diagonal(rule: RegMeanRule) throws {
    let problem = RegMeanProblem(inputs: 9, rows: [40, 30, 3], coefficients: [0.5, 0.2, 0.3], seed: 4)
    let solution = try problem.solve(rule)
    let squares = problem.data.indices.map { model in
      (0..<9).map { input in problem.data[model].reduce(0) { $0 + $1[input] * $1[input] } * problem.factor(model, rule)
      }
    }
    for layer in problem.outputs.indices {
      for index in 0..<problem.outputs[layer] * 9 {
        let column = index % 9
        let numerator = (0..<3).reduce(0.0) {
          $0 + squares[$1][column] * Double(problem.weights[$1][layer].array[index])
        }
        let denominator = (0..<3).reduce(0.0) { $0 + squares[$1][column] }
        #expect(abs(Double(solution.weights[layer][index]) - numerator / denominator) < Self.rounding)
      }
      for output in 0..<problem.outputs[layer] where rule.bias == .joint {
        let counts = (0..<3).map { problem.factor($0, rule) * Double(problem.data[$0].count) }
        let mean = (0..<3).reduce(0.0) { $0 + counts[$1] * Double(problem.biases[$1][layer].array[output]) }
        #expect(abs(Double(solution.biases[layer][output]) - mean / counts.reduce(0, +)) < Self.rounding)
      }
    }
  }

  @Test(
    "The result is where the squared distances of the outputs have no slope",
    arguments: rules.filter { $0.offDiagonal == 1 })
  func stationary(rule: RegMeanRule) throws {
    let problem = RegMeanProblem(inputs: 9, rows: [40, 30, 3], coefficients: [0.5, 0.2, 0.3], seed: 5)
    let solution = try problem.solve(rule)
    let isJoint = rule.bias == .joint
    /// The gradient by W (and b), and the sum of the magnitudes that cancel in it, from the data themselves.
    func slope(_ layer: Int, _ output: Int, _ weight: (Int) -> Double, _ bias: Double) -> (worst: Double, size: Double)
    {
      var gradient = [Double](repeating: 0, count: 10)
      var size = gradient
      for model in 0..<3 {
        let own = problem.weights[model][layer].matrix
        let ownBias = Double(problem.biases[model][layer].array[output])
        for x in problem.data[model] {
          var error = isJoint ? bias - ownBias : 0
          for input in 0..<9 { error += (weight(input) - Double(own[output, input])) * x[input] }
          for input in 0..<(isJoint ? 10 : 9) {
            let term = problem.factor(model, rule) * error * (input < 9 ? x[input] : 1)
            gradient[input] += term
            size[input] += abs(term)
          }
        }
      }
      return (gradient.map(abs).max() ?? 0, size.max() ?? 0)
    }
    for layer in problem.outputs.indices {
      for output in 0..<problem.outputs[layer] {
        let found = slope(
          layer, output, { Double(solution.weights[layer][output * 9 + $0]) }, Double(solution.biases[layer][output]))
        #expect(found.worst < 1e-6 * found.size)
        // The measure sees a thousandth of a weight.
        let moved = slope(
          layer, output, { Double(solution.weights[layer][output * 9 + $0]) + ($0 == 4 ? 1e-3 : 0) },
          Double(solution.biases[layer][output]))
        #expect(moved.worst > 1e-5 * found.size)
      }
    }
  }

  @Test("The order of the models is without effect but for rounding", arguments: rules)
  func order(rule: RegMeanRule) throws {
    let problem = RegMeanProblem(inputs: 9, rows: [40, 30, 11], coefficients: [0.5, 0.2, 0.3], seed: 6)
    let (a, b) = (try problem.solve(rule), try problem.solve(rule, order: [2, 0, 1]))
    #expect(distance(a.weights, b.weights) < Self.rounding && distance(a.biases, b.biases) < Self.rounding)
  }

  @Test("A model with a coefficient of zero is not looked at")
  func withoutWeight() throws {
    var problem = RegMeanProblem(inputs: 9, rows: [40, 30, 11], coefficients: [0.5, 0, 0.5], seed: 7)
    problem.data[1][0][0] = .nan
    problem.weights[1][0].matrix[0, 0] = .nan
    let (with, without) = (try problem.solve(.standard), try problem.solve(.standard, order: [0, 2]))
    #expect(with.weights == without.weights && with.biases == without.biases && with.report == without.report)
  }

  @Test(
    "Products that were formed once serve all coefficients, also those of a system that was reset", arguments: rules)
  func search(rule: RegMeanRule) throws {
    var problem = RegMeanProblem(inputs: 9, rows: [40, 30, 11], seed: 8)
    let system = try RegMeanSystem(inputs: 9, layers: problem.layers, rule: rule)
    let products = try (0..<3).map { try system.products(of: problem.gram($0), parameters: problem.parameters($0)) }
    for coefficients in [[0.5, 0.2, 0.3], [0, 1, 0], [0.1, 0.2, 0.7]] {
      problem.coefficients = coefficients
      for model in 0..<3 {
        try system.add(
          problem.gram(model), parameters: problem.parameters(model), products: products[model],
          coefficient: coefficients[model])
      }
      let (fast, direct) = (try problem.finish(system), try problem.solve(rule))
      system.reset()
      #expect(distance(fast.weights, direct.weights) < Self.rounding)
      #expect(
        fast.biases == direct.biases || rule.bias == .joint && distance(fast.biases, direct.biases) < Self.rounding)
    }
  }

  @Test("A Gram matrix that is read from Floats at an odd address is the one in memory")
  func pieces() throws {
    var problem = RegMeanProblem(inputs: 9, rows: [40], seed: 18)
    // Integers, whose sums of products are exact in Float.
    problem.data = problem.data.map { $0.map { $0.map { ($0 * 8).rounded() } } }
    let layout = PackedTriangle(order: 9)
    let memory = problem.gram(0)
    let entries = Sums([Double](repeating: 0, count: layout.count)).vector
    try memory.read(0..<layout.count, entries)
    let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * layout.count + 1, alignment: 16)
    defer { stored.deallocate() }
    for index in 0..<layout.count {
      stored.storeBytes(of: Float(entries[index]), toByteOffset: 1 + 4 * index, as: Float.self)
    }
    var ranges: [Range<Int>] = []
    let file = GramStatistic(model: "file", rows: 40, columnSums: memory.columnSums) { range, target in
      ranges.append(range)
      StoredPrecision.float32.decode(
        UnsafeRawBufferPointer(rebasing: stored[1 + 4 * range.lowerBound..<1 + 4 * range.upperBound]), into: target)
    }
    let system = try RegMeanSystem(inputs: 9, layers: problem.layers, rule: .standard)
    try system.add(file, parameters: problem.parameters(0), coefficient: 1)
    let (found, expected) = (try problem.finish(system), try problem.solve(.standard))
    #expect(found.weights == expected.weights && found.report == expected.report)
    #expect(ranges == (0..<9).map(layout.range(ofRow:)))
  }

  @Test("More rows than one tile of the products, and layers of different heights")
  func tiles() throws {
    var problem = RegMeanProblem(inputs: 5, rows: [20, 30], coefficients: [0.5, 0.5], seed: 9)
    var random = SplitMix64(seed: 10)
    problem.outputs = [2 * regMeanTileRows + 3, 1, regMeanTileRows]
    problem.weights = (0..<2).map { _ in problem.outputs.map { .random(rows: $0, columns: 5, &random) } }
    problem.biases = (0..<2).map { _ in problem.outputs.map { .random(rows: $0, &random) } }
    for bias in RegMeanRule.Bias.allCases {
      let rule = RegMeanRule(bias: bias)
      let solution = try problem.solve(rule)
      // Each output is a problem of its own.
      for (layer, output) in [
        (0, 0), (0, regMeanTileRows), (0, 2 * regMeanTileRows + 2), (1, 0), (2, regMeanTileRows - 1),
      ] {
        var single = problem
        single.outputs = [1]
        single.weights = problem.weights.map { [Tensor($0[layer].matrix.row(output).array).asRow] }
        single.biases = problem.biases.map { [Tensor([$0[layer].array[output]])] }
        let expected = try single.solve(rule)
        let row = Array(solution.weights[layer][output * 5..<output * 5 + 5])
        #expect(distance([row], expected.weights) < Self.rounding)
        #expect(distance([[solution.biases[layer][output]]], expected.biases) < Self.rounding)
      }
    }
  }

  @Test("The predicted cost and memory are those of the shapes")
  func cost() throws {
    // n²(2·K·outputs) for products, 2 n² outputs for two triangular solves, n³/3 for the factor.
    #expect(RegMeanSystem.operations(inputs: 30, outputs: 5, models: 4) == 900 * 40 + 900 * 10 + 9000)
    // BERT-base's largest system stays far below the 250 MB that a rank has for it.
    #expect(RegMeanSystem.memory(inputs: 3072, outputs: 768) < 200_000_000)
  }
}

extension Tensor {
  /// A column as a matrix of one row.
  var asRow: Tensor {
    let values = array
    return Tensor(rows: 1, columns: values.count) { values[$0] }
  }
}
