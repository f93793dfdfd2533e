import LinearAlgebra
import TestSupport
import Testing

/// Per-example products against loops in double. Sizes around the panels of 32 columns and the 4 rows of a tile reach
/// every remainder path.
@Suite("Sums of outer products of examples", .serialized)
struct OuterProductTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    let lengths: [Int]
    let a: Int
    let b: Int
    let groups: Int
    var testDescription: String { "\(lengths) rows, \(a) × \(b), \(groups) groups" }
  }

  static let shapes = [
    Shape(lengths: [1], a: 1, b: 1, groups: 1), Shape(lengths: [3, 1, 5], a: 4, b: 32, groups: 2),
    Shape(lengths: [9, 24, 2], a: 33, b: 31, groups: 1), Shape(lengths: [70, 91, 30, 4], a: 35, b: 40, groups: 2),
    Shape(lengths: [170, 7], a: 40, b: 64, groups: 1), Shape(lengths: [0, 3, 0, 5, 0], a: 4, b: 32, groups: 2),
  ]

  private struct Sample<Scalar: KernelScalar> {
    let offsets: [Int]
    let a: Buffer<Scalar>
    let b: Buffer<Scalar>
    let shape: Shape

    init(_ shape: Shape) {
      var random = TwinGenerator(state: UInt64(shape.a * 100 + shape.b))
      offsets = shape.lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
      let rows = shape.lengths.reduce(0, +)
      a = Buffer(count: rows * shape.groups * shape.a)
      b = Buffer(count: rows * shape.b)
      // Float values in both precisions.
      for index in 0..<a.count { a.vector[index] = Scalar(Float(random.next())) }
      for index in 0..<b.count { b.vector[index] = Scalar(Float(random.next())) }
      self.shape = shape
    }

    var rows: Int { offsets[offsets.count - 1] }

    /// All sums [a, b], and the traces where squared.
    func sums(squared: Bool) -> (sums: [[Double]], traces: [Double]) {
      let arena = Arena()
      let (left, right) = (
        Panels(a.matrix(rows * shape.groups, shape.a), in: arena), Panels(b.matrix(rows, shape.b), in: arena)
      )
      let padded = (shape.a + 3) / 4 * 4
      let sum = arena.matrix(padded, right.count * Panels<Scalar>.width, of: Double.self)
      for index in 0..<sum.count { sum.elements[index] = .nan }
      let traces = arena.vector(shape.lengths.count * traceLanes, of: Double.self)
      traces.clear()
      // In two parts, to see that rows and panels begin where they should.
      let cut = min(shape.a, padded / 8 * 4)
      for rows in [0..<cut, cut..<shape.a] where !rows.isEmpty {
        sumOuterProducts(
          left, rows: rows, right, panels: 0..<right.count, of: offsets, squared: squared,
          into: sum.rows(rows.lowerBound..<padded), traces: traces)
      }
      return withExtendedLifetime((arena, a, b)) {
        (
          (0..<shape.a).map { Array(sum.row($0).array.prefix(shape.b)) },
          shape.lengths.indices.map { traces[$0 * traceLanes..<($0 + 1) * traceLanes].array.reduce(0, +) }
        )
      }
    }

    func expected(squared: Bool) -> (sums: [[Double]], traces: [Double]) {
      var sums = Array(repeating: Array(repeating: 0.0, count: shape.b), count: shape.a)
      var traces = Array(repeating: 0.0, count: shape.lengths.count)
      let (a, b) = (a.vector.array.map { Double($0) }, b.vector.array.map { Double($0) })
      for example in shape.lengths.indices {
        for group in 0..<shape.groups {
          for i in 0..<shape.a {
            for j in 0..<shape.b {
              var product = 0.0
              for row in offsets[example]..<offsets[example + 1] {
                product += a[(group * rows + row) * shape.a + i] * b[row * shape.b + j]
              }
              sums[i][j] += squared ? product * product : product
              traces[example] += squared ? product * product : 0
            }
          }
        }
      }
      return (sums, traces)
    }
  }

  /// The largest difference relative to the largest value: roundings of a product of up to 200 terms below 1 are
  /// relative to their sizes, not to what cancellation leaves.
  private func error(_ x: [Double], _ y: [Double]) -> Double {
    zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) } / (y.map { abs($0) }.max() ?? 1)
  }

  @Test("they agree with loops in double", arguments: shapes, [false, true])
  func agreement(shape: Shape, squared: Bool) { KernelLevels.change { compareLevels(shape, squared: squared) } }

  private func compareLevels(_ shape: Shape, squared: Bool) {
    let (before, reread) = (Processor.kernelLevel, Processor.rereadsOperands)
    defer {
      _ = Processor.select(before)
      Processor.select(rereadsOperands: reread)
    }
    let sample = Sample<Float>(shape)
    let expected = sample.expected(squared: squared)
    var seen: [(kind: String, bits: [UInt64])] = []
    // Tests that do not compare bits run meanwhile, so only levels with the same bits can be chosen.
    for level in before == .base ? [.base] : [Processor.KernelLevel.v3, .v4] where Processor.select(level) {
      // Only with AVX-512 there is a choice.
      for reread in level == .v4 ? [false, true] : [false] {
        Processor.select(rereadsOperands: reread)
        let kind = "level \(level), \(reread ? "reading operands again" : "operands in registers")"
        let found = sample.sums(squared: squared)
        // 200 roundings of 6e-8, at worst.
        #expect(error(found.sums.flatMap { $0 }, expected.sums.flatMap { $0 }) < 2e-6, "\(kind)")
        if squared { #expect(error(found.traces, expected.traces) < 2e-6, "\(kind)") }
        seen.append((kind, (found.sums.flatMap { $0 } + found.traces).map(\.bitPattern)))
      }
    }
    for other in seen.dropFirst() { #expect(other.bits == seen[0].bits, "\(other.kind) and \(seen[0].kind)") }
    let wide = Sample<Double>(shape).sums(squared: squared)
    #expect(error(wide.sums.flatMap { $0 }, expected.sums.flatMap { $0 }) < 1e-14)
    if squared { #expect(error(wide.traces, expected.traces) < 1e-14) }
  }

  @Test("of a symmetric sum all on and above the diagonal is there")
  func symmetry() { KernelLevels.keep { compareTriangles() } }

  private func compareTriangles() {
    let arena = Arena()
    let sample = Sample<Float>(Shape(lengths: [5, 30], a: 100, b: 100, groups: 1))
    let x = Panels(sample.b.matrix(35, 100), in: arena)
    func sums(isSymmetric: Bool) -> Matrix<Double> {
      let sum = arena.matrix(100, 128, of: Double.self)
      sum.elements.clear()
      for (rows, panels) in [(0..<64, 0..<4), (64..<100, 2..<4)] {
        let part = arena.matrix(64, panels.count * 32, of: Double.self)
        part.elements.clear()
        sumOuterProducts(
          x, rows: rows, x, panels: panels, of: sample.offsets, squared: false, isSymmetric: isSymmetric, into: part,
          traces: arena.vector(0))
        for row in rows { copy(part.row(row - rows.lowerBound), to: sum.row(row)[128 - part.columns..<128]) }
      }
      return sum
    }
    let (whole, upper) = (sums(isSymmetric: false), sums(isSymmetric: true))
    for row in 0..<100 { #expect(whole.row(row).array[row..<100] == upper.row(row).array[row..<100], "row \(row)") }
    #expect(whole[40, 3] != 0 && upper[40, 3] == 0, "what is not wanted is not computed")
    withExtendedLifetime((arena, sample)) {}
  }

  @Test("an example's part has the same bits beside any others", arguments: [false, true])
  func batchInvariance(squared: Bool) { KernelLevels.keep { compareNeighbours(squared: squared) } }

  private func compareNeighbours(squared: Bool) {
    let together = Sample<Float>(Shape(lengths: [24, 130, 9], a: 40, b: 50, groups: 1))
    let arena = Arena()
    let (n, a) = (together.rows, together.a.matrix(together.rows, 40))
    func sums(_ examples: [Int]) -> [Double] {
      let lengths = examples.map { together.shape.lengths[$0] }
      let rows = lengths.reduce(0, +)
      let (left, right) = (arena.matrix(rows, 40, of: Float.self), arena.matrix(rows, 50, of: Float.self))
      var next = 0
      for example in examples {
        for row in together.offsets[example]..<together.offsets[example + 1] {
          copy(together.b.matrix(n, 50).row(row), to: right.row(next))
          copy(a.row(row), to: left.row(next))
          next += 1
        }
      }
      let sum = arena.matrix(40, 64, of: Double.self)
      let traces = arena.vector(examples.count * traceLanes, of: Double.self)
      traces.clear()
      sumOuterProducts(
        Panels(left, in: arena), rows: 0..<40, Panels(right, in: arena), panels: 0..<2,
        of: lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }, squared: squared, into: sum, traces: traces)
      return sum.elements.array + traces.array
    }
    let parts = [sums([0]), sums([1]), sums([2])]
    let whole = sums([0, 1, 2])
    let added = (0..<40 * 64).map { (parts[0][$0] + parts[1][$0]) + parts[2][$0] }
    // Sums in double in the same order are the same bits; traces are one after the other.
    #expect(Array(whole.prefix(40 * 64)) == added)
    #expect(Array(whole.dropFirst(40 * 64)) == parts.flatMap { $0.dropFirst(40 * 64) })
    withExtendedLifetime((arena, together)) {}
  }
}
