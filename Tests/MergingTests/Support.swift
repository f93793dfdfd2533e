import LinearAlgebra

@testable import Merging

/// A matrix in memory that is never freed: views do not keep an owner alive, and these are small.
struct Tensor {
  let matrix: Matrix<Float>
  var vector: Vector<Float> { matrix.elements }
  var array: [Float] { vector.array }

  init(rows: Int, columns: Int = 1, _ value: (Int) -> Float = { _ in .nan }) {
    let base = UnsafeMutablePointer<Float>.allocate(capacity: rows * columns)
    for i in 0..<rows * columns { base[i] = value(i) }
    matrix = Matrix(base: base, rows: rows, columns: columns)
  }

  init(_ values: [Float]) { self.init(rows: values.count) { values[$0] } }

  static func random(rows: Int, columns: Int = 1, _ random: inout SplitMix64) -> Tensor {
    let values = (0..<rows * columns).map { _ in random.weight() }
    return Tensor(rows: rows, columns: columns) { values[$0] }
  }
}

/// The same for the sums of a Fisher.
struct Sums {
  let vector: Vector<Double>
  var array: [Double] { vector.array }

  init(_ values: [Double]) {
    let base = UnsafeMutablePointer<Double>.allocate(capacity: values.count)
    base.initialize(from: values, count: values.count)
    vector = Vector(base: base, count: values.count)
  }
}

extension RunningMerge {
  /// Finishes with all sources at hand, in recipe order.
  @discardableResult
  mutating func finish(into target: Vector<Float>, coefficients: Coefficients, sources: [Vector<Float>]) throws -> Int {
    try finish(into: target, coefficients: coefficients) { sources[$0] }
  }
}

/// The solution of a linear system by Gauss's elimination with pivots.
///
/// - Parameter matrix: [n, n + 1], the right-hand side as the last column.
func eliminate(_ matrix: [[Double]]) -> [Double] {
  var m = matrix
  let n = m.count
  for column in 0..<n {
    let pivot = (column..<n).max { abs(m[$0][column]) < abs(m[$1][column]) } ?? column
    m.swapAt(column, pivot)
    for row in column + 1..<n {
      let factor = m[row][column] / m[column][column]
      for index in column...n { m[row][index] -= factor * m[column][index] }
    }
  }
  var x = [Double](repeating: 0, count: n)
  for row in (0..<n).reversed() {
    x[row] = (m[row][n] - (row + 1..<n).reduce(0) { $0 + m[row][$1] * x[$1] }) / m[row][row]
  }
  return x
}

/// Steele, Lea and Flood's generator: a fixed sequence for every seed.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A value of a parameter.
  mutating func weight() -> Float { Float.random(in: -1...1, using: &self) }

  /// A sum of squares over six orders of magnitude.
  mutating func square() -> Double { Double.random(in: 0.1...1, using: &self) * exponent() }

  private mutating func exponent() -> Double {
    [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5].randomElement(using: &self) ?? 1
  }
}

/// Whether two Floats are the same or neighbours: sums in Double that differ by rounding alone round to one of the two.
func isNear(_ a: Float, _ b: Float) -> Bool { a == b || a.nextUp == b || a.nextDown == b }

func areNear(_ a: [Float], _ b: [Float]) -> Bool { a.count == b.count && zip(a, b).allSatisfy(isNear) }

/// Equality of bits, which tells −0 from 0.
func sameBits(_ a: [Float], _ b: [Float]) -> Bool { a.map(\.bitPattern) == b.map(\.bitPattern) }

func names(_ count: Int) -> [String] { (0..<count).map { "model\($0)" } }
