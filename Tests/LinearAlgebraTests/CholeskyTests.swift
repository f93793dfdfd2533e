import LinearAlgebra
import Testing

struct CholeskyTests {
  /// Xᵀ X of random rows × n values, in the upper triangle; below it stands a value that nothing may read or change.
  private func gram(_ n: Int, rows: Int, stride: Int? = nil, _ random: inout TwinGenerator) -> (
    Buffer<Double>, Matrix<Double>
  ) {
    let (_, x) = random.matrices(rows, n)
    let buffer = Buffer<Double>(count: n * (stride ?? n))
    for index in 0..<buffer.count { buffer.vector[index] = untouched }
    let a = Matrix(base: buffer.vector.base, rows: n, columns: n, stride: stride)
    let whole = Buffer<Double>(count: n * n)
    withExtendedLifetime((x, whole)) {
      multiply(x.matrix(rows, n), x.matrix(rows, n), into: whole.matrix(n, n), transposeA: true)
      for i in 0..<n { for j in i..<n { a[i, j] = whole.matrix(n, n)[i, j] } }
    }
    return (buffer, a)
  }

  private let untouched = 777.0

  @Test("a product with a symmetric matrix reads its upper triangle alone, on views with gaps")
  func symmetricProduct() {
    var random = TwinGenerator(state: 21)
    let (n, m) = (5, 3)
    let (owner, a) = gram(n, rows: 9, stride: n + 2, &random)
    let (_, wide) = random.matrices(m, n)
    let (_, result) = random.matrices(m, n)
    let (b, c) = (wide.matrix(m, n), result.matrix(m, n))
    let before = result.vector.array
    withExtendedLifetime((owner, wide, result)) {
      multiply(b, bySymmetric: a, into: c, alpha: 2, beta: 3)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<n).reduce(0.0) { $0 + b[i, $1] * a[min($1, j), max($1, j)] }
          #expect(abs(c[i, j] - 2 * sum - 3 * before[i * n + j]) < 1e-13)
        }
      }
    }
  }

  @Test("an inverse factor solves, and stands in the upper triangle alone", arguments: [1, 7, 40])
  func inverse(n: Int) throws {
    var random = TwinGenerator(state: UInt64(n) + 40)
    let (owner, a) = gram(n, rows: 2 * n + 3, stride: n + 1, &random)
    let original = owner.vector.array
    func entry(_ i: Int, _ j: Int) -> Double { original[min(i, j) * (n + 1) + max(i, j)] }
    let target = Buffer<Double>(count: n * (n + 2))
    for index in 0..<target.count { target.vector[index] = untouched }
    let x = Matrix(base: target.vector.base, rows: n, columns: n, stride: n + 2)
    try withExtendedLifetime((owner, target)) {
      try Cholesky(factoring: a).invertFactor(into: x)
      for i in 0..<n {
        for j in 0..<n {
          // A U⁻¹ U⁻ᵀ, of a condition of some hundreds.
          let product = (0..<n).reduce(0.0) { sum, k in
            sum + (max(k, j)..<n).reduce(0.0) { $0 + entry(i, k) * x[k, $1] * x[j, $1] }
          }
          #expect(abs(product - (i == j ? 1 : 0)) < 1e-10)
          if j < i { #expect(x[i, j] == untouched) }
        }
      }
    }
  }

  @Test("rows are right-hand sides, solved against what three loops multiply", arguments: [1, 2, 7, 130])
  func solve(n: Int) throws {
    var random = TwinGenerator(state: UInt64(n))
    let count = 5
    let (owner, a) = gram(n, rows: 2 * n + 3, stride: n + 1, &random)
    let original = owner.vector.array
    func entry(_ i: Int, _ j: Int) -> Double { original[min(i, j) * (n + 1) + max(i, j)] }
    let (_, wide) = random.matrices(count, n)
    let x = wide.matrix(count, n)
    let rightSides = Buffer<Double>(count: count * (n + 3))
    let b = rightSides.matrix(count, n + 3).columns(1..<n + 1)
    for row in 0..<count {
      for i in 0..<n { b[row, i] = (0..<n).reduce(0.0) { $0 + entry(i, $1) * x[row, $1] } }
    }
    try withExtendedLifetime((owner, wide, rightSides)) {
      let cholesky = try Cholesky(factoring: a)
      cholesky.solve(b)
      for row in 0..<count { for i in 0..<n { #expect(abs(b[row, i] - x[row, i]) < 1e-10) } }
      // A = UᵀU, and below the diagonal nothing was touched.
      for i in 0..<n {
        for j in i..<n {
          let product = (0...i).reduce(0.0) { $0 + cholesky.factor[$1, i] * cholesky.factor[$1, j] }
          #expect(abs(product - entry(i, j)) < 1e-12 * Double(n))
        }
        for j in 0..<i { #expect(a[i, j] == untouched) }
      }
      let norm = (0..<n).map { column in (0..<n).reduce(0.0) { $0 + abs(entry($1, column)) } }.max() ?? 0
      #expect(abs(cholesky.norm - norm) < 1e-12 * norm)
    }
    #expect((0..<count).allSatisfy { rightSides.matrix(count, n + 3)[$0, 0] == 0 })
  }

  @Test("the condition estimate of a diagonal matrix is exact, and that of a random one is near the inverse's norm")
  func condition() throws {
    let diagonal = Buffer<Double>(count: 16)
    for i in 0..<4 { diagonal.matrix(4, 4)[i, i] = [4, 0.5, 2, 8][i] }
    #expect(try abs(Cholesky(factoring: diagonal.matrix(4, 4)).reciprocalCondition() - 0.5 / 8) < 1e-15)
    var random = TwinGenerator(state: 22)
    let n = 12
    let (owner, a) = gram(n, rows: 15, &random)
    let cholesky = try Cholesky(factoring: a)
    let inverse = Buffer<Double>(count: n * n)
    for i in 0..<n { inverse.matrix(n, n)[i, i] = 1 }
    withExtendedLifetime(owner) { cholesky.solve(inverse.matrix(n, n)) }
    let norm = (0..<n).map { inverse.matrix(n, n).row($0).array.reduce(0) { $0 + abs($1) } }.max() ?? 0
    let ratio = cholesky.reciprocalCondition() * cholesky.norm * norm
    #expect(ratio > 0.999 && ratio < 3)
  }

  @Test("what is not positive definite is refused by its row")
  func refusals() {
    func row(_ entries: [Double]) -> Int? {
      let n = entries.count == 4 ? 2 : 3
      let buffer = Buffer<Double>(count: n * n)
      for index in entries.indices { buffer.vector[index] = entries[index] }
      do {
        _ = try Cholesky(factoring: buffer.matrix(n, n))
        return nil
      } catch { return error.row }
    }
    #expect(row([1, 0.5, 0, 1]) == nil)
    #expect(row([0, 0, 0, 1]) == 0)
    #expect(row([1, 2, 0, 1]) == 1)
    #expect(row([1, 0, 0, 0, -1, 0, 0, 0, 1]) == 1)
    #expect(row([1, 0, 0, 0, .nan, 0, 0, 0, 1]) == 1)
    #expect(row([1, 0, .nan, 0, 1, 0, 0, 0, 1]) == 2)
  }

  @Test("rows that repeat others are refused whatever rounding leaves of them, and scaling alone is not")
  func rank() throws {
    for seed in 0..<200 {
      var random = TwinGenerator(state: UInt64(100 + seed))
      let (owner, a) = gram(10, rows: 6 + seed % 4, &random)
      withExtendedLifetime(owner) {
        let error = #expect(throws: Cholesky.NotPositiveDefinite.self) { try Cholesky(factoring: a) }
        #expect(error?.row ?? 0 >= 6 + seed % 4)
      }
    }
    let diagonal = Buffer<Double>(count: 9)
    for i in 0..<3 { diagonal.matrix(3, 3)[i, i] = [1, 1e-40, 1e20][i] }
    #expect(throws: Never.self) { try Cholesky(factoring: diagonal.matrix(3, 3)) }
  }

  @Test("the packed triangle numbers the entries row after row", arguments: [1, 2, 5, 8])
  func packing(n: Int) {
    let layout = PackedTriangle(order: n)
    var next = 0
    for i in 0..<n {
      #expect(layout.range(ofRow: i) == next..<next + n - i)
      for j in i..<n {
        #expect(layout.index(i, j) == next && layout.index(j, i) == next)
        next += 1
      }
    }
    #expect(next == layout.count)
    let (square, packed, back) = (
      Buffer<Double>(count: n * n), Buffer<Double>(count: layout.count), Buffer<Double>(count: n * n)
    )
    for index in 0..<n * n {
      square.vector[index] = Double(index)
      back.vector[index] = -1
    }
    layout.pack(square.matrix(n, n), into: packed.vector)
    layout.unpack(packed.vector, into: back.matrix(n, n))
    for i in 0..<n {
      for j in 0..<n { #expect(back.matrix(n, n)[i, j] == (j < i ? -1 : Double(i * n + j))) }
    }
  }
}
