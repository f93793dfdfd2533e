import LinearAlgebra
import TestSupport
import Testing

@Suite("Packed matrices")
struct PackedMatrixTests {
  @Test(
    "a product with few rows agrees with three loops, whatever the edges", arguments: [1, 3, 4, 37],
    [(5, 1), (31, 33), (1024, 32), (2500, 65)])
  func product(rows: Int, shape: (Int, Int)) {
    var random = TwinGenerator(state: 11)
    let (inner, columns) = shape
    let (_, wideA) = random.matrices(rows, inner)
    let (_, wideX) = random.matrices(inner, columns)
    let (a, x) = (wideA.matrix(rows, inner), wideX.matrix(inner, columns))
    let result = Buffer<Double>(count: rows * columns)
    withExtendedLifetime((wideA, wideX)) {
      PackedMatrix(rounding: x).multiply(a, into: result.matrix(rows, columns))
      for row in 0..<rows {
        for column in 0..<columns {
          let (sum, sizes) = (0..<inner).reduce((0.0, 0.0)) {
            ($0.0 + a[row, $1] * x[$1, column], $0.1 + abs(a[row, $1] * x[$1, column]))
          }
          // Both operands are rounded, and sums of up to 128 products after that, which is about √128 roundings by chance.
          #expect(abs(result.matrix(rows, columns)[row, column] - sum) <= 6e-8 * (2 + 12) * sizes)
        }
      }
    }
  }

  @Test("kernels with and without AVX-512 give the same bits")
  func levels() {
    KernelLevels.change {
      let before = Processor.kernelLevel
      defer { _ = Processor.select(before) }
      var random = TwinGenerator(state: 14)
      let (_, wideA) = random.matrices(11, 300)
      let (_, wideX) = random.matrices(300, 70)
      let packed = PackedMatrix(rounding: wideX.matrix(300, 70))
      var seen: [[Double]] = []
      for level in [Processor.KernelLevel.v3, .v4] where Processor.select(level) {
        let result = Buffer<Double>(count: 11 * 70)
        packed.multiply(wideA.matrix(11, 300), into: result.matrix(11, 70))
        seen.append(result.vector.array)
      }
      for other in seen.dropFirst() { #expect(other == seen[0]) }
      withExtendedLifetime((wideA, wideX)) {}
    }
  }

  @Test("a row has the same bits whatever rows are beside it")
  func alone() { KernelLevels.keep { compareNeighbours() } }

  private func compareNeighbours() {
    var random = TwinGenerator(state: 12)
    let (rows, inner, columns) = (6, 1100, 40)
    let (_, wideA) = random.matrices(rows, inner)
    let (_, wideX) = random.matrices(inner, columns)
    let together = Buffer<Double>(count: rows * columns)
    let packed = PackedMatrix(rounding: wideX.matrix(inner, columns))
    packed.multiply(wideA.matrix(rows, inner), into: together.matrix(rows, columns))
    for row in 0..<rows {
      let alone = Buffer<Double>(count: columns)
      packed.multiply(wideA.matrix(rows, inner).rows(row..<row + 1), into: alone.matrix(1, columns))
      #expect(alone.vector.array == together.matrix(rows, columns).row(row).array)
    }
    withExtendedLifetime((wideA, wideX)) {}
  }

  @Test(
    "of a triangle nothing else is read", arguments: [1, 7, 32, 70, 1100],
    [PackedMatrix.Form.symmetric, .upperTriangle, .transposedUpperTriangle])
  func triangle(order: Int, form: PackedMatrix.Form) {
    var random = TwinGenerator(state: 13)
    let (_, wideA) = random.matrices(3, order)
    let (_, wideX) = random.matrices(order, order)
    let (half, whole) = (wideX.matrix(order, order), Buffer<Double>(count: order * order))
    let both = whole.matrix(order, order)
    for row in 0..<order {
      for column in row..<order {
        switch form {
        case .whole, .upperTriangle: both[row, column] = half[row, column]
        case .transposedUpperTriangle: both[column, row] = half[row, column]
        case .symmetric: (both[row, column], both[column, row]) = (half[row, column], half[row, column])
        }
        if row != column { half[column, row] = .nan }
      }
    }
    let (expected, result) = (Buffer<Double>(count: 3 * order), Buffer<Double>(count: 3 * order))
    PackedMatrix(rounding: both).multiply(wideA.matrix(3, order), into: expected.matrix(3, order))
    PackedMatrix(rounding: half, form).multiply(wideA.matrix(3, order), into: result.matrix(3, order))
    // Zeros that are left out change no sum, but the pieces of a triangle begin elsewhere.
    for index in 0..<3 * order { #expect(abs(result.vector[index] - expected.vector[index]) <= 1e-4) }
    if order <= 128 { #expect(result.vector.array == expected.vector.array) }
    withExtendedLifetime((wideA, wideX, whole)) {}
  }
}
