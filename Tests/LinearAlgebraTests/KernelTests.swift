import Foundation
import LinearAlgebra
import Testing

/// Random matrices in both precisions with the same values, from a fixed seed.
struct TwinGenerator {
  var state: UInt64

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int64(bitPattern: state) >> 11) * 0x1p-52
  }

  /// rows × columns values in −scale ... scale, exactly representable in `Float`.
  mutating func matrices(_ rows: Int, _ columns: Int, scale: Double = 1) -> (Buffer<Float>, Buffer<Double>) {
    let narrow = Buffer<Float>(count: rows * columns)
    let wide = Buffer<Double>(count: rows * columns)
    for index in 0..<rows * columns {
      narrow.vector[index] = Float(next() * scale)
      wide.vector[index] = Double(narrow.vector[index])
    }
    return (narrow, wide)
  }
}

extension Buffer {
  func matrix(_ rows: Int, _ columns: Int) -> Matrix<Element> { vector.matrix(rows: rows, columns: columns) }
}

/// The largest difference, relative to the larger of 1 and the wide value.
func largestError(_ narrow: Vector<Float>, _ wide: Vector<Double>) -> Double {
  (0..<narrow.count).map { abs(Double(narrow[$0]) - wide[$0]) / max(1, abs(wide[$0])) }.max() ?? 0
}

/// The float kernels against the plain double ones. Column counts around multiples of the 16 lanes reach every
/// remainder path. Tolerances: a few float roundings (6e-8 each) of values near 1; sums over up to 130 terms get √130
/// times that.
@Suite(.serialized) struct KernelTests {
  static let columnCounts = [1, 7, 15, 16, 17, 48, 130]

  @Test("activations and their derivatives agree with double", arguments: columnCounts, Activation.allCases)
  func activations(columns: Int, activation: Activation) {
    var random = TwinGenerator(state: 1)
    let (x, wideX) = random.matrices(9, columns, scale: 8)
    let (bias, wideBias) = random.matrices(1, columns)
    let outputs = (Buffer<Float>(count: x.count), Buffer<Float>(count: x.count))
    let wide = (Buffer<Double>(count: x.count), Buffer<Double>(count: x.count))
    activate(
      x.matrix(9, columns), bias: bias.vector, by: activation, into: outputs.0.matrix(9, columns),
      derivative: outputs.1.matrix(9, columns))
    activate(
      wideX.matrix(9, columns), bias: wideBias.vector, by: activation, into: wide.0.matrix(9, columns),
      derivative: wide.1.matrix(9, columns))
    #expect(largestError(outputs.0.vector, wide.0.vector) < 1e-6)
    #expect(largestError(outputs.1.vector, wide.1.vector) < 1e-6)
  }

  @Test("activations in double are their definitions, and their derivatives the slopes", arguments: Activation.allCases)
  func definitions(activation: Activation) {
    let x = Buffer<Double>(count: 40)
    for index in 0..<40 { x.vector[index] = Double(index - 20) * 0.37 + 0.01 }
    func values(_ shift: Double) -> [Double] {
      let (y, bias) = (Buffer<Double>(count: 40), Buffer<Double>(count: 40))
      for index in 0..<40 { bias.vector[index] = shift }
      activate(x.matrix(1, 40), bias: bias.vector, by: activation, into: y.matrix(1, 40), derivative: nil)
      return withExtendedLifetime((y, bias)) { y.vector.array }
    }
    let (y, derivative, none) = (Buffer<Double>(count: 40), Buffer<Double>(count: 40), Buffer<Double>(count: 40))
    activate(
      x.matrix(1, 40), bias: none.vector, by: activation, into: y.matrix(1, 40), derivative: derivative.matrix(1, 40))
    let (above, below) = (values(1e-6), values(-1e-6))
    for index in 0..<40 {
      let u = x.vector[index]
      let exact =
        switch activation {
        case .gelu: u * (1 + erf(u / 2.0.squareRoot())) / 2
        case .geluTanh: u / 2 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (u + 0.044715 * u * u * u)))
        case .relu: max(u, 0)
        case .silu: u / (1 + exp(-u))
        case .tanh: Foundation.tanh(u)
        }
      #expect(abs(y.vector[index] - exact) < 1e-14)
      #expect(abs((above[index] - below[index]) / 2e-6 - derivative.vector[index]) < 1e-8)
    }
  }

  @Test("activations keep NaN, and far from zero they are x or 0; tanh 1 or -1", arguments: Activation.allCases)
  func farActivations(activation: Activation) {
    let (x, y, derivative) = (Buffer<Float>(count: 5), Buffer<Float>(count: 5), Buffer<Float>(count: 5))
    for (index, value) in [Float.nan, 1e30, -1e30, 300, -300].enumerated() { x.vector[index] = value }
    let bias = Buffer<Float>(count: 5)
    activate(
      x.matrix(1, 5), bias: bias.vector, by: activation, into: y.matrix(1, 5), derivative: derivative.matrix(1, 5))
    #expect(y.vector[0].isNaN)
    guard activation != .tanh else {
      #expect(y.vector.array[1...] == [1, -1, 1, -1] && derivative.vector.array[1...].allSatisfy { $0 < 1e-30 })
      return
    }
    #expect(y.vector[1] == 1e30 && y.vector[3] == 300 && abs(y.vector[4]) < 1e-30)
    #expect(abs(y.vector[2]) < 1e-6)
    #expect(derivative.vector.array[1...].map { abs($0.rounded()) } == [1, 0, 1, 0])
  }

  @Test("rotations are the complex products of their pairs, and turn back", arguments: [2, 6, 16, 34, 64])
  func rotation(size: Int) {
    var random = TwinGenerator(state: 5)
    let (rows, groups, half) = (5, 3, size / 2)
    let (x, wideX) = random.matrices(rows, groups * size)
    let (angles, _) = random.matrices(rows, half, scale: 40)
    let (cosines, sines) = (Buffer<Float>(count: rows * half), Buffer<Float>(count: rows * half))
    let (wideCosines, wideSines) = (Buffer<Double>(count: rows * half), Buffer<Double>(count: rows * half))
    for index in 0..<rows * half {
      (cosines.vector[index], sines.vector[index]) = (cos(angles.vector[index]), sin(angles.vector[index]))
      (wideCosines.vector[index], wideSines.vector[index]) = (
        Double(cosines.vector[index]), Double(sines.vector[index])
      )
    }
    let before = wideX.vector.array
    rotate(
      x.matrix(rows, groups * size), groups: groups, cosines: cosines.matrix(rows, half),
      sines: sines.matrix(rows, half))
    rotate(
      wideX.matrix(rows, groups * size), groups: groups, cosines: wideCosines.matrix(rows, half),
      sines: wideSines.matrix(rows, half))
    #expect(largestError(x.vector, wideX.vector) < 1e-6)
    for row in 0..<rows {
      for group in 0..<groups {
        for k in 0..<half {
          let (c, s) = (wideCosines.vector[row * half + k], wideSines.vector[row * half + k])
          let place = row * groups * size + group * size + k
          let (u, v) = (before[place], before[place + half])
          #expect(abs(wideX.vector[place] - (u * c - v * s)) < 1e-15)
          #expect(abs(wideX.vector[place + half] - (v * c + u * s)) < 1e-15)
        }
      }
    }
    rotate(
      wideX.matrix(rows, groups * size), groups: groups, cosines: wideCosines.matrix(rows, half),
      sines: wideSines.matrix(rows, half), isBackward: true)
    // Cosines and sines were rounded to single precision.
    #expect(zip(before, wideX.vector.array).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test(
    "what depends on distances is added, and its gradient summed, as the definition says", arguments: [1, 3, 17, 40])
  func distances(columns: Int) {
    var random = TwinGenerator(state: 6)
    for (rows, wanted) in [(1, 3), (columns, 3), (columns, 1), (columns, 2)] {
      let table = 7
      let (scores, wideScores) = random.matrices(rows, columns)
      let (a, wideA) = random.matrices(rows, table)
      let (b, wideB) = random.matrices(columns, table)
      // Some rows are several distances', and none is in order.
      let places = (0..<rows + columns - 1).map { Int32($0 * 5 % table) }
      let before = wideScores.vector.array
      addByDistance(
        to: scores.matrix(rows, columns), wanted & 1 > 0 ? a.matrix(rows, table) : nil,
        wanted & 2 > 0 ? b.matrix(columns, table) : nil, places: places[...])
      addByDistance(
        to: wideScores.matrix(rows, columns), wanted & 1 > 0 ? wideA.matrix(rows, table) : nil,
        wanted & 2 > 0 ? wideB.matrix(columns, table) : nil, places: places[...])
      #expect(largestError(scores.vector, wideScores.vector) < 1e-6)
      var sumA = Array(repeating: 0.0, count: rows * table)
      var sumB = Array(repeating: 0.0, count: columns * table)
      for i in 0..<rows {
        for j in 0..<columns {
          let place = Int(places[i - j + columns - 1])
          let added =
            (wanted & 1 > 0 ? wideA.vector[i * table + place] : 0)
            + (wanted & 2 > 0 ? wideB.vector[j * table + place] : 0)
          #expect(abs(wideScores.vector[i * columns + j] - before[i * columns + j] - added) < 1e-15)
          sumA[i * table + place] += wideScores.vector[i * columns + j]
          sumB[j * table + place] += wideScores.vector[i * columns + j]
        }
      }
      for buffer in [a, b] { buffer.clear() }
      for buffer in [wideA, wideB] { buffer.clear() }
      sumByDistance(
        scores.matrix(rows, columns), wanted & 1 > 0 ? a.matrix(rows, table) : nil,
        wanted & 2 > 0 ? b.matrix(columns, table) : nil, places: places[...])
      sumByDistance(
        wideScores.matrix(rows, columns), wanted & 1 > 0 ? wideA.matrix(rows, table) : nil,
        wanted & 2 > 0 ? wideB.matrix(columns, table) : nil, places: places[...])
      if wanted & 1 > 0 {
        #expect(largestError(a.vector, wideA.vector) < 1e-5)
        #expect(zip(wideA.vector.array, sumA).allSatisfy { abs($0 - $1) < 1e-13 })
      }
      if wanted & 2 > 0 {
        #expect(largestError(b.vector, wideB.vector) < 1e-5)
        #expect(zip(wideB.vector.array, sumB).allSatisfy { abs($0 - $1) < 1e-13 })
      }
    }
  }

  @Test("the softmax and its backward pass agree with double", arguments: columnCounts)
  func softmax(columns: Int) {
    var random = TwinGenerator(state: 2)
    let (x, wideX) = random.matrices(5, columns, scale: 20)
    let (g, wideG) = random.matrices(5, columns)
    LinearAlgebra.softmax(x.matrix(5, columns), scale: 0.5)
    LinearAlgebra.softmax(wideX.matrix(5, columns), scale: 0.5)
    #expect(largestError(x.vector, wideX.vector) < 1e-6)
    softmaxBackward(probabilities: x.matrix(5, columns), gradient: g.matrix(5, columns), scale: 0.5)
    softmaxBackward(probabilities: wideX.matrix(5, columns), gradient: wideG.matrix(5, columns), scale: 0.5)
    #expect(largestError(g.vector, wideG.vector) < 1e-6)
  }

  @Test("LayerNorm and its backward pass agree with double", arguments: columnCounts.dropFirst())
  func layerNormalization(columns: Int) {
    var random = TwinGenerator(state: 3)
    let (rows, groups) = (4, 3)
    let (x, wideX) = random.matrices(rows, columns, scale: 3)
    let (residual, wideResidual) = random.matrices(rows, columns)
    let (bias, wideBias) = random.matrices(1, columns)
    let (weight, wideWeight) = random.matrices(1, columns)
    let (g, wideG) = random.matrices(groups * rows, columns)
    let (n, wideN) = random.matrices(rows, columns)
    let (inverse, wideInverse) = random.matrices(1, rows)
    layerNorm(
      x.matrix(rows, columns), bias: bias.vector, residual: residual.matrix(rows, columns), weight: weight.vector,
      offset: bias.vector, epsilon: 1e-5, into: x.matrix(rows, columns), normalized: n.matrix(rows, columns),
      inverseDeviation: inverse.vector)
    layerNorm(
      wideX.matrix(rows, columns), bias: wideBias.vector, residual: wideResidual.matrix(rows, columns),
      weight: wideWeight.vector, offset: wideBias.vector, epsilon: 1e-5, into: wideX.matrix(rows, columns),
      normalized: wideN.matrix(rows, columns), inverseDeviation: wideInverse.vector)
    #expect(largestError(x.vector, wideX.vector) < 3e-6)
    layerNormBackward(
      gradient: g.matrix(groups * rows, columns), normalized: n.matrix(rows, columns), inverseDeviation: inverse.vector,
      weight: weight.vector)
    layerNormBackward(
      gradient: wideG.matrix(groups * rows, columns), normalized: wideN.matrix(rows, columns),
      inverseDeviation: wideInverse.vector, weight: wideWeight.vector)
    #expect(largestError(g.vector, wideG.vector) < 3e-6)
  }

  @Test("sums over rows and groups agree with double", arguments: columnCounts)
  func sums(columns: Int) {
    var random = TwinGenerator(state: 4)
    let (rows, groups) = (11, 3)
    let (x, wideX) = random.matrices(rows, groups * columns)
    let (y, wideY) = random.matrices(rows, groups * columns)
    let (a, b) = (x.matrix(rows, groups * columns), y.matrix(rows, groups * columns))
    let (wideA, wideB) = (wideX.matrix(rows, groups * columns), wideY.matrix(rows, groups * columns))
    let out = Buffer<Float>(count: groups * columns)
    let wideOut = Buffer<Double>(count: groups * columns)
    columnSums(a, into: out.vector)
    columnSums(wideA, into: wideOut.vector)
    #expect(largestError(out.vector, wideOut.vector) < 1e-6)
    columnDots(a, b, into: out.vector)
    columnDots(wideA, wideB, into: wideOut.vector)
    #expect(largestError(out.vector, wideOut.vector) < 1e-6)
    groupDots(a, b, into: out.vector[0..<groups])
    groupDots(wideA, wideB, into: wideOut.vector[0..<groups])
    #expect(largestError(out.vector[0..<groups], wideOut.vector[0..<groups]) < 3e-6)
    for group in 0..<groups {
      let inside = columnRange(group, columns)
      let expected = (0..<rows).reduce(0.0) { sum, row in
        sum + inside.reduce(0.0) { $0 + wideA[row, $1] * wideB[row, $1] }
      }
      #expect(abs(wideOut.vector[group] - expected) < 1e-12)
    }
  }

  private func columnRange(_ group: Int, _ columns: Int) -> Range<Int> { group * columns..<(group + 1) * columns }

  @Test("the x86-64-v3 and x86-64-v4 kernels give the same bits", .enabled(if: Processor.kernelLevel == .v4))
  func levelsAgree() {
    func bits(_ level: Processor.KernelLevel) -> [UInt32] {
      #expect(Processor.select(level))
      defer { _ = Processor.select(.v4) }
      var random = TwinGenerator(state: 5)
      let columns = 101
      let (x, _) = random.matrices(6, columns, scale: 6)
      let (y, _) = random.matrices(6, columns)
      let (z, _) = random.matrices(6, columns)
      let (vector, _) = random.matrices(1, columns)
      let small = Buffer<Float>(count: 6)
      for activation in Activation.allCases {
        activate(
          x.matrix(6, columns), bias: vector.vector, by: activation, into: x.matrix(6, columns),
          derivative: y.matrix(6, columns))
      }
      LinearAlgebra.softmax(y.matrix(6, columns), scale: 3)
      softmaxBackward(probabilities: y.matrix(6, columns), gradient: z.matrix(6, columns), scale: 0.3)
      layerNorm(
        z.matrix(6, columns), weight: vector.vector, offset: vector.vector, epsilon: 1e-6, into: z.matrix(6, columns),
        normalized: y.matrix(6, columns), inverseDeviation: small.vector)
      layerNormBackward(
        gradient: x.matrix(6, columns), normalized: y.matrix(6, columns), inverseDeviation: small.vector,
        weight: vector.vector)
      groupDots(x.matrix(6, columns), z.matrix(6, columns), into: small.vector[0..<1])
      return [x, y, z, small].flatMap { $0.vector.array.map(\.bitPattern) }
    }
    #expect(bits(.v3) == bits(.v4))
  }

  @Test("the largest magnitude sees signs, NaN and infinity anywhere", arguments: [1, 16, 33])
  func largest(count: Int) {
    for place in 0..<count {
      let x = Buffer<Float>(count: count)
      x.vector[place] = -3
      #expect(largestMagnitude(x.vector) == 3)
      for bad in [Float.nan, .infinity, -.infinity] {
        x.vector[place] = bad
        #expect(largestMagnitude(x.vector).isNaN)
      }
    }
    #expect(largestMagnitude(Buffer<Float>(count: 0).vector) == 0)
  }

  @Test("sum, least and greatest of a vector in one pass", arguments: [0, 1, 7, 8, 9, 1003])
  func range(count: Int) {
    let buffer = Buffer<Double>(count: max(1, count))
    for index in 0..<count { buffer.vector[index] = Double((index * 7919) % 1000) - 500 }
    let values = Array(buffer.vector.array.prefix(count))
    let found = LinearAlgebra.range(buffer.vector[0..<count])
    // Whole numbers of this size add up exactly in any order.
    #expect(found.sum == values.reduce(0, +))
    #expect(found.least == (values.min() ?? .infinity) && found.greatest == (values.max() ?? -.infinity))
    guard count > 0 else { return }
    for odd in [Double.nan, .infinity, -.infinity] {
      buffer.vector[count / 2] = odd
      #expect(!LinearAlgebra.range(buffer.vector[0..<count]).sum.isFinite)
    }
  }
}
