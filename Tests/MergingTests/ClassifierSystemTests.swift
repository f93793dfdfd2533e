import LinearAlgebra
import Testing

@testable import Merging

/// A classifier's least squares against its own objective.
@Suite("Classifiers solved anew")
struct ClassifierSystemTests {
  @Test("the objective has no gradient at the solution, and grows away from it", arguments: [2, 40])
  func stationary(rows: Int) throws {
    let (n, outputs) = (6, 3)
    var random = SplitMix64(seed: 5)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in Double.random(in: -1...1, using: &random) } }
    let x = (0..<rows).map { _ in numbers(n - 1) + [1] }
    let z = (0..<rows).map { _ in numbers(outputs) }
    let own = Tensor64(rows: outputs, columns: n, numbers(outputs * n))
    let gram = Tensor64(rows: n, columns: n, [Double](repeating: .nan, count: n * n))
    for a in 0..<n { for b in a..<n { gram.matrix[a, b] = x.reduce(0) { $0 + $1[a] * $1[b] } } }
    let solved = Tensor64(rows: outputs, columns: n, [Double](repeating: 0, count: outputs * n))
    for o in 0..<outputs { for i in 0..<n { solved.matrix[o, i] = zip(x, z).reduce(0) { $0 + $1.0[i] * $1.1[o] } } }
    let ridge = 0.01 * (0..<n).reduce(0) { $0 + gram.matrix[$1, $1] } / Double(n)
    let report = try ClassifierSystem(gram: gram.matrix, products: solved.matrix).solve(own: own.matrix, tensor: "w")
    #expect(report.tensors == ["w"] && report.condition > 1 && report.ridge == nil)
    for o in 0..<outputs {
      for i in 0..<n {
        var gradient = ridge * (solved.matrix[o, i] - own.matrix[o, i])
        var size = 0.0
        for (x, z) in zip(x, z) {
          let left = (0..<n).reduce(-z[o]) { $0 + solved.matrix[o, $1] * x[$1] }
          gradient += left * x[i]
          size += abs(z[o] * x[i])
        }
        #expect(abs(gradient) < 1e-12 * size, "\(o), \(i)")
      }
    }
  }

  @Test("features that are all 0 leave a classifier as it is")
  func nothing() throws {
    let own = Tensor64(rows: 2, columns: 3, [1, 2, 3, -4, 5, 6])
    let gram = Tensor64(rows: 3, columns: 3, [Double](repeating: 0, count: 9))
    let solved = Tensor64(rows: 2, columns: 3, [Double](repeating: 0, count: 6))
    let report = try ClassifierSystem(gram: gram.matrix, products: solved.matrix).solve(own: own.matrix, tensor: "w")
    #expect(solved.matrix.elements.array == [1, 2, 3, -4, 5, 6] && report.deadInputs == 3)
  }

  /// A matrix with its memory.
  private final class Tensor64 {
    private let buffer: Buffer<Double>
    let matrix: Matrix<Double>

    init(rows: Int, columns: Int, _ values: [Double]) {
      buffer = Buffer(count: rows * columns)
      for (index, value) in values.enumerated() { buffer.vector[index] = value }
      matrix = buffer.vector.matrix(rows: rows, columns: columns)
    }
  }
}
