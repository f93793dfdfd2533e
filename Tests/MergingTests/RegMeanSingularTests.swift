import LinearAlgebra
import Testing

@testable import Merging

@Suite("RegMean where data are missing or wrong")
struct RegMeanSingularTests {
  @Test(
    "Fewer rows than inputs take the ridge, which is reported, and models that agree are given back all the same",
    arguments: RegMeanRule.Bias.allCases)
  func ridge(bias: RegMeanRule.Bias) throws {
    var problem = RegMeanProblem(inputs: 12, rows: [3, 2, 4], coefficients: [0.5, 0.2, 0.3], seed: 11)
    let rule = RegMeanRule(offDiagonal: 1, bias: bias)
    #expect(try problem.solve(rule).report.ridge == 1e-6)
    #expect(try problem.solve(rule).report.condition > 1e5)
    for model in 1..<3 {
      problem.weights[model] = problem.weights[0]
      problem.biases[model] = problem.biases[0]
    }
    let solution = try problem.solve(rule)
    #expect(solution.report.ridge == 1e-6)
    #expect(distance(solution.weights, problem.weights[0].map(\.array)) < RegMeanTests.rounding)
    // With less than all off the diagonal there is nothing to mend.
    #expect(try problem.solve(RegMeanRule(bias: bias)).report.ridge == nil)
  }

  @Test("The ridge grows until it is enough")
  func growth() throws {
    // Eigenvalues 1 ± (1 + 3e-5): the mean diagonal is 1, so 1e-5 is too small and 1e-4 enough.
    let statistic = gram([1, 1 + 3e-5, 1])
    let source = Tensor([1, 2]).asRow
    let target = Tensor(rows: 1, columns: 2)
    let system = try RegMeanSystem(
      inputs: 2, layers: [RegMeanLayer(tensor: "t", outputs: 1)], rule: RegMeanRule(offDiagonal: 1))
    let parameters = [LinearParameters(weight: source.matrix, bias: nil)]
    try system.add(statistic, parameters: parameters, coefficient: 1)
    let report = try system.solve(into: [LinearParameters(weight: target.matrix, bias: nil)])
    #expect(abs((report.ridge ?? 0) - 1e-4) < 1e-15)
    #expect(distance([target.array], [source.array]) < RegMeanTests.rounding)
    // Eigenvalues 3 and −1: no ridge makes a Gram matrix of it.
    for (ridge, largest) in [(1e-6, 1e-2), (0, 0)] {
      let system = try RegMeanSystem(
        inputs: 2, layers: [RegMeanLayer(tensor: "t", outputs: 1)], rule: RegMeanRule(offDiagonal: 1, ridge: ridge))
      try system.add(gram([1, 2, 1]), parameters: parameters, coefficient: 1)
      let error = #expect(throws: MergingError.self) {
        try system.solve(into: [LinearParameters(weight: target.matrix, bias: nil)])
      }
      guard case .singularGram(let tensor, let input, let last)? = error else {
        Issue.record("an indefinite matrix was solved")
        continue
      }
      #expect(tensor == "t" && input == 1 && abs(last - largest) < 1e-15)
    }
  }

  @Test(
    "Inputs that are zero everywhere are averaged to the bit, and the others are solved as if they were not there",
    arguments: RegMeanRule.Bias.allCases, [0.9, 1])
  func deadInputs(bias: RegMeanRule.Bias, alpha: Double) throws {
    let rule = RegMeanRule(offDiagonal: alpha, bias: bias)
    var problem = RegMeanProblem(inputs: 8, rows: [30, 20, 25], coefficients: [0.5, 0.2, 0.3], seed: 12)
    let dead = [0, 5]
    let living = (0..<8).filter { !dead.contains($0) }
    for model in 0..<3 {
      for row in problem.data[model].indices { for input in dead { problem.data[model][row][input] = 0 } }
    }
    let solution = try problem.solve(rule)
    #expect(solution.report.deadInputs == 2 && solution.report.ridge == nil)
    let average = try problem.average()
    let reduced = problem.keeping(living)
    let expected = try reduced.solve(rule)
    for layer in problem.outputs.indices {
      for row in 0..<problem.outputs[layer] {
        for input in dead {
          #expect(
            solution.weights[layer][row * 8 + input].bitPattern == average.weights[layer][row * 8 + input].bitPattern)
        }
        let found = living.map { solution.weights[layer][row * 8 + $0] }
        #expect(distance([found], [Array(expected.weights[layer][row * 6..<row * 6 + 6])]) < RegMeanTests.rounding)
      }
    }
    #expect(distance(solution.biases, expected.biases) < RegMeanTests.rounding)
    let ratio = solution.report.condition / expected.report.condition
    #expect(ratio > 0.5 && ratio < 2)
    if bias == .mean { #expect(sameBits(solution.biases[0], average.biases[0])) }
  }

  @Test("Dead inputs have no part in the size of a ridge", arguments: RegMeanRule.Bias.allCases)
  func deadInputsAndRidge(bias: RegMeanRule.Bias) throws {
    // A ridge that can be seen in the result.
    let rule = RegMeanRule(offDiagonal: 1, ridge: 0.01, bias: bias)
    var problem = RegMeanProblem(inputs: 12, rows: [3, 2, 1], coefficients: [0.5, 0.2, 0.3], seed: 17)
    let living = [0, 1, 2, 3, 4, 6, 7, 9, 11]
    for model in 0..<3 {
      for row in problem.data[model].indices {
        for input in 0..<12 where !living.contains(input) { problem.data[model][row][input] = 0 }
      }
    }
    let (solution, expected) = (try problem.solve(rule), try problem.keeping(living).solve(rule))
    #expect(solution.report.ridge == 0.01 && expected.report.ridge == 0.01 && solution.report.deadInputs == 3)
    let found = solution.weights.map { layer in
      (0..<layer.count / 12).flatMap { row in living.map { layer[row * 12 + $0] } }
    }
    #expect(distance(found, expected.weights) < RegMeanTests.rounding)
    #expect(distance(solution.biases, expected.biases) < RegMeanTests.rounding)
  }

  @Test("An input that only one model's data have is that model's, and one with tiny values is no dead one")
  func almostDead() throws {
    var problem = RegMeanProblem(inputs: 6, rows: [30, 20], coefficients: [0.5, 0.5], seed: 13)
    for row in problem.data[0].indices { problem.data[0][row][2] = 0 }
    for row in problem.data[1].indices { problem.data[1][row][2] *= 1e-9 }
    let solution = try problem.solve(RegMeanRule(offDiagonal: 0))
    #expect(solution.report.deadInputs == 0 && solution.report.ridge == nil && solution.report.condition > 1e15)
    for row in 0..<4 {
      #expect(abs(solution.weights[0][row * 6 + 2] - problem.weights[1][0].matrix[row, 2]) < 1e-6)
    }
  }

  @Test("Data that are zero throughout leave the average")
  func noInputs() throws {
    var problem = RegMeanProblem(inputs: 3, rows: [4, 5], coefficients: [0.3, 0.7], seed: 14)
    problem.data = problem.data.map { $0.map { $0.map { _ in 0 } } }
    let solution = try problem.solve(.standard)
    #expect(solution.report.deadInputs == 3 && solution.report.condition == 1)
    #expect(try zip(solution.weights, problem.average().weights).allSatisfy(sameBits))
  }

  @Test("Wrong statistics, shapes and settings are refused by name")
  func refusals() throws {
    let problem = RegMeanProblem(inputs: 4, rows: [9], seed: 15)
    func add(
      _ statistic: GramStatistic? = nil, _ parameters: [LinearParameters]? = nil, coefficient: Double = 1,
      bias: RegMeanRule.Bias = .mean
    ) throws {
      let system = try RegMeanSystem(inputs: 4, layers: problem.layers, rule: RegMeanRule(bias: bias))
      try system.add(
        statistic ?? problem.gram(0), parameters: parameters ?? problem.parameters(0), coefficient: coefficient)
      _ = try problem.finish(system)
    }
    try add()
    #expect(throws: MergingError.invalidCoefficient(model: "model0", value: -1)) { try add(coefficient: -1) }
    #expect(throws: MergingError.noModels) { try add(coefficient: 0) }
    let packed = [1, 0, 0, 0, 1, 0, 0, 1, 0, 1.0]
    try add(gram(packed))
    #expect(throws: MergingError.noExamples(subject: "m: layer0")) { try add(gram(packed, rows: 0)) }
    for (place, value) in [(7, -1.0), (3, .infinity), (0, -.infinity)] {
      var damaged = packed
      damaged[place] = value
      #expect(throws: MergingError.invalidGram(subject: "m: layer0", element: place, value: value)) {
        try add(gram(damaged))
      }
    }
    #expect(throws: MergingError.countMismatch(subject: "m: layer0", what: "column sums", expected: 4, found: 3)) {
      try add(gram(packed, columnSums: [0, 0, 0]))
    }
    #expect(throws: MergingError.invalidStatistic(subject: "m: layer0", element: 2, value: .infinity)) {
      try add(gram(packed, columnSums: [0, 0, .infinity, 0]), bias: .joint)
    }
    var parameters = problem.parameters(0)
    #expect(throws: MergingError.countMismatch(subject: "layer0", what: "layers", expected: 2, found: 1)) {
      try add(nil, [parameters[0]])
    }
    #expect(throws: MergingError.countMismatch(subject: "layer0", what: "rows", expected: 4, found: 3)) {
      try add(nil, parameters.reversed())
    }
    parameters[1] = LinearParameters(weight: parameters[1].weight, bias: nil)
    #expect(throws: MergingError.countMismatch(subject: "layer1", what: "biases", expected: 3, found: 0)) {
      try add(nil, parameters, bias: .joint)
    }
    let infinite = Tensor(rows: 3, columns: 4) { $0 == 6 ? .infinity : 1 }
    parameters[1] = LinearParameters(weight: infinite.matrix, bias: problem.biases[0][1].vector)
    #expect(throws: MergingError.nonFiniteResult(tensor: "layer1", element: 4)) { try add(nil, parameters) }

    #expect(throws: MergingError.invalidOffDiagonal(1.5)) { try RegMeanRule(offDiagonal: 1.5).validate() }
    #expect(throws: MergingError.self) { try RegMeanRule(offDiagonal: .nan).validate() }
    #expect(throws: MergingError.invalidRidge(-1)) { try RegMeanRule(ridge: -1).validate() }
    try RegMeanRule(offDiagonal: 1, ridge: 0).validate()
  }

  @Test("What reading a Gram matrix throws arrives at the caller")
  func readingFails() throws {
    struct Unreadable: Error {}
    let problem = RegMeanProblem(inputs: 4, rows: [9], seed: 16)
    let statistic = GramStatistic(model: "m", rows: 9, columnSums: problem.gram(0).columnSums) { range, target in
      if range.lowerBound == PackedTriangle(order: 4).range(ofRow: 2).lowerBound { throw Unreadable() }
      for index in 0..<target.count { target[index] = 1 }
    }
    let system = try RegMeanSystem(inputs: 4, layers: problem.layers, rule: .standard)
    #expect(throws: Unreadable.self) {
      try system.add(statistic, parameters: problem.parameters(0), coefficient: 1)
    }
  }
}

private func gram(_ packed: [Double], rows: Int = 1, columnSums: [Double]? = nil) -> GramStatistic {
  let inputs = packed.count == 3 ? 2 : 4
  return GramStatistic(
    model: "m", rows: Double(rows), columnSums: Sums(columnSums ?? [Double](repeating: 0, count: inputs)).vector,
    packed: Sums(packed).vector)
}
