import LinearAlgebra
import TestSupport
import Testing

/// The kernels of the merging rules against the plain loops that define them, bit for bit, on every level that this
/// processor has.
extension KernelTests {
  /// Around multiples of the vectors' lengths, and more than one piece of what is looked through at once.
  static let lengths = [0, 1, 7, 8, 15, 16, 17, 130, 2051]

  private struct Values {
    var random: TwinGenerator

    mutating func narrow(_ count: Int) -> Buffer<Float> { random.matrices(1, count).0 }

    mutating func wide(_ count: Int, _ range: ClosedRange<Double> = -1...1) -> [Double] {
      (0..<count).map { _ in (random.next() + 1) / 2 * (range.upperBound - range.lowerBound) + range.lowerBound }
    }
  }

  private func onEveryLevel(_ body: () -> Void) {
    KernelLevels.change {
      let level = Processor.kernelLevel
      for other in Processor.KernelLevel.allCases where Processor.select(other) { body() }
      _ = Processor.select(level)
    }
  }

  private func buffer(_ values: [Double]) -> Buffer<Double> {
    let buffer = Buffer<Double>(count: values.count)
    for (index, value) in values.enumerated() { buffer.vector[index] = value }
    return buffer
  }

  private func bits(_ values: [Double]) -> [UInt64] { values.map(\.bitPattern) }
  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  @Test("weighted sums and quotients are those of plain loops", arguments: lengths)
  func weightedSums(count: Int) {
    var values = Values(random: TwinGenerator(state: 31))
    let x = values.narrow(count)
    let (weights, before) = (values.wide(count), values.wide(count))
    let divisors = values.wide(count, 0.5...3)
    let y = Buffer<Float>(count: count)
    onEveryLevel {
      for first in [true, false] {
        var sum = before
        addProducts(0.3, x.vector, to: &sum, first: first)
        #expect(bits(sum) == bits((0..<count).map { (first ? -0.0 : before[$0]) + 0.3 * Double(x.vector[$0]) }))
        sum = before
        addProducts(weights, x.vector, to: &sum, first: first)
        #expect(bits(sum) == bits((0..<count).map { (first ? -0.0 : before[$0]) + weights[$0] * Double(x.vector[$0]) }))
      }
      storeQuotients(before, by: 0.7, in: y.vector)
      #expect(bits(y.vector.array) == bits(before.map { Float($0 / 0.7) }))
      storeQuotients(before, by: divisors, in: y.vector)
      #expect(bits(y.vector.array) == bits((0..<count).map { Float(before[$0] / divisors[$0]) }))
    }
    withExtendedLifetime((x, y)) {}
  }

  @Test("sums become weights by bound, norm and floors as in a plain loop, and a NaN stays one", arguments: lengths)
  func sumsAsWeights(count: Int) {
    var values = Values(random: TwinGenerator(state: 32))
    let theta = values.narrow(count)
    var sums = values.wide(count, 0...2)
    if count > 9 { (sums[3], sums[9]) = (.nan, 0) }
    let stored = buffer(sums)
    let (above, below) = (values.wide(count), values.wide(count, 0...1))
    func weight(_ sum: Double) -> Double {
      let mean = sum / 7
      let known = mean < 0.05 ? 0 : mean
      let normalized = (known < 0.08 ? 0.08 : known) / 1.3
      return (normalized < 0.1 ? 0.1 : normalized) * 0.6
    }
    onEveryLevel {
      var (numerator, denominator) = (above, below)
      addWeighted(
        theta.vector, by: stored.vector, divisor: 7, bound: 0.05, floorBefore: 0.08, norm: 1.3, floorAfter: 0.1,
        coefficient: 0.6, numerator: &numerator, denominator: &denominator)
      // Which NaN it is says nothing.
      let known = (0..<count).filter { !sums[$0].isNaN }
      #expect(known.allSatisfy { numerator[$0] == above[$0] + weight(sums[$0]) * Double(theta.vector[$0]) })
      #expect(known.allSatisfy { denominator[$0] == below[$0] + weight(sums[$0]) })
      #expect(
        (0..<count).allSatisfy { sums[$0].isNaN == numerator[$0].isNaN && sums[$0].isNaN == denominator[$0].isNaN })
    }
    withExtendedLifetime((theta, stored)) {}
  }

  @Test("entries below a bound are counted, filled up and divided apart", arguments: lengths)
  func entriesBelow(count: Int) {
    var values = Values(random: TwinGenerator(state: 33))
    let x = values.narrow(count)
    let (above, below) = (values.wide(count), values.wide(count, 0...1))
    let y = Buffer<Float>(count: count)
    onEveryLevel {
      #expect(LinearAlgebra.count(below, below: 0.5) == below.count { $0 < 0.5 })
      var numerator = above
      addProducts(0.3, x.vector, to: &numerator, where: below, isBelow: 0.5)
      let filled = (0..<count).map { below[$0] < 0.5 ? above[$0] + 0.3 * Double(x.vector[$0]) : above[$0] }
      #expect(bits(numerator) == bits(filled))
      storeQuotients(numerator, by: below, orWhereBelow: 0.5, by: 0.9, in: y.vector)
      #expect(
        bits(y.vector.array) == bits((0..<count).map { Float(filled[$0] / (below[$0] < 0.5 ? 0.9 : below[$0])) }))
    }
    withExtendedLifetime((x, y)) {}
  }

  @Test("squares are added in eight sums, however the numbers are cut into pieces", arguments: lengths)
  func measures(count: Int) {
    var values = Values(random: TwinGenerator(state: 34))
    var sums = values.wide(count, 0...3)
    if count > 2 { (sums[1], sums[2]) = (-0.0, 0) }
    let stored = buffer(sums)
    onEveryLevel {
      var partial = [Double](repeating: 0, count: 8)
      for (index, value) in sums.enumerated() { partial[index % 8] += value * value }
      for piece in [count, 1, 3, 8, 21, 1025] where piece > 0 {
        var squares = SquareSums()
        for start in stride(from: 0, to: count, by: piece) {
          #expect(squares.add(stored.vector[start..<min(count, start + piece)]) == nil)
        }
        #expect(squares.total == partial.reduce(0, +), "pieces of \(piece)")
        #expect(squares.largest == sums.max() ?? 0 && squares.count == count)
      }
    }
    withExtendedLifetime(stored) {}
  }

  @Test(
    "the first number that is no sum of squares is found",
    arguments: [-1, -Double.leastNonzeroMagnitude, .infinity, .nan])
  func invalidSums(value: Double) {
    for place in [0, 17, 1023, 1024, 2050] {
      var sums = [Double](repeating: 1, count: 2051)
      sums[place] = value
      sums[2050] = value
      let stored = buffer(sums)
      onEveryLevel {
        var squares = SquareSums()
        #expect(squares.add(stored.vector) == place)
      }
      withExtendedLifetime(stored) {}
    }
  }

  @Test("squared differences, to the rounding of another order", arguments: lengths)
  func squaredDifferences(count: Int) {
    var values = Values(random: TwinGenerator(state: 35))
    let (x, y) = (values.narrow(count), values.narrow(count))
    var found: Set<Double> = []
    onEveryLevel {
      let norm = (0..<count).reduce(0.0) { $0 + Double(x.vector[$1]) * Double(x.vector[$1]) }
      #expect(abs(sumOfSquaredDifferences(x.vector, nil) - norm) <= 1e-12 * norm)
      let expected = (0..<count).reduce(0.0) { sum, index in
        let difference = Double(x.vector[index]) - Double(y.vector[index])
        return sum + difference * difference
      }
      let distance = sumOfSquaredDifferences(x.vector, y.vector)
      found.insert(distance)
      #expect(abs(distance - expected) <= 1e-12 * expected)
    }
    #expect(found.count == 1)
    withExtendedLifetime((x, y)) {}
  }

  @Test("the first infinity or NaN is found")
  func firstNonFinites() {
    let x = Buffer<Float>(count: 9000)
    #expect(firstNonFinite(x.vector) == nil)
    for (place, value) in [(8999, Float.nan), (4096, -.infinity), (3, .infinity)] {
      x.vector[place] = value
      #expect(firstNonFinite(x.vector) == place)
    }
    withExtendedLifetime(x) {}
  }
}
