import LinearAlgebra
import Testing

struct ProductTests {
  @Test(
    "every form of the product agrees with three loops, on views with gaps", arguments: [false, true], [false, true])
  func forms(transposeA: Bool, transposeB: Bool) {
    var random = TwinGenerator(state: 6)
    let (m, n, k) = (5, 7, 3)
    func view(_ rows: Int, _ columns: Int) -> (Matrix<Double>, Buffer<Double>) {
      let (_, wide) = random.matrices(rows, columns + 2)
      return (wide.matrix(rows, columns + 2).columns(1..<columns + 1), wide)
    }
    let (a, ownerA) = transposeA ? view(k, m) : view(m, k)
    let (b, ownerB) = transposeB ? view(n, k) : view(k, n)
    let (c, ownerC) = view(m, n)
    let before = (0..<m).map { row in (0..<n).map { c[row, $0] } }
    withExtendedLifetime((ownerA, ownerB, ownerC)) {
      multiply(a, b, into: c, transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: 3)
      for row in 0..<m {
        for column in 0..<n {
          let sum = (0..<k).reduce(0.0) { sum, inner in
            sum + (transposeA ? a[inner, row] : a[row, inner]) * (transposeB ? b[column, inner] : b[inner, column])
          }
          #expect(abs(c[row, column] - (2 * sum + 3 * before[row][column])) < 1e-14)
        }
      }
    }
  }

  @Test(
    "a product by rows agrees with three loops, for few rows on either side", arguments: [false, true], [1, 3, 40])
  func byRows(transposeB: Bool, rows: Int) {
    var random = TwinGenerator(state: 7)
    for beta in [Float(0), 1, 3] {
      let scratch = Arena()
      let (b, wideB) = random.matrices(rows, 37)
      let (inner, n) = transposeB ? (37, rows) : (rows, 37)
      let (a, wideA) = random.matrices(5, inner)
      let (c, wideC) = random.matrices(5, n)
      let expected = (0..<5).map { row in
        (0..<n).map { column in
          (0..<inner).reduce(Double(beta) * wideC.matrix(5, n)[row, column]) {
            let right = wideB.matrix(rows, 37)
            return $0 + wideA.matrix(5, inner)[row, $1] * (transposeB ? right[column, $1] : right[$1, column])
          }
        }
      }
      multiplyRows(
        a.matrix(5, inner), b.matrix(rows, 37), into: c.matrix(5, n), transposeB: transposeB, beta: beta,
        scratch: scratch)
      // 40 roundings of 6e-8 of sums below 40.
      for row in 0..<5 {
        for column in 0..<n { #expect(abs(Double(c.matrix(5, n)[row, column]) - expected[row][column]) < 1e-5) }
      }
      withExtendedLifetime((a, b, c, wideA, wideB, wideC)) {}
    }
  }

  @Test("an arena that had to grow holds the same requests in one chunk after a reset")
  func arena() {
    let arena = Arena()
    func use() -> Int {
      let start = arena.mark
      let a = arena.matrix(300, 1000, of: Float.self)
      let b = arena.matrix(500, 1000, of: Float.self)
      a.elements.clear()
      for index in 0..<b.count { b.elements[index] = 1 }
      #expect(a.elements.array.allSatisfy { $0 == 0 }, "two matrices of one arena overlap")
      arena.release(to: start)
      return arena.capacity
    }
    #expect(use() == 0, "what had to be added is given back with what is in it")
    arena.reset()
    let settled = arena.capacity
    #expect(use() == settled && use() == settled)
  }

  @Test("an arena that has settled has room for a block that needs a little more than the one before it")
  func slightlyMore() {
    let arena = Arena()
    for rows in [100, 105, 110, 120] {
      arena.reset()
      let start = arena.mark
      _ = arena.matrix(rows, 10_000, of: Float.self)
      #expect(arena.capacity == (rows == 100 ? 4_000_000 : 5_000_000), "\(rows) rows")
      arena.release(to: start)
    }
  }
}
