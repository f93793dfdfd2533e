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
    _ = use()
    arena.reset()
    let settled = arena.capacity
    #expect(use() == settled && use() == settled)
  }
}
