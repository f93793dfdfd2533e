import LinearAlgebra
import Testing

@testable import Merging

/// Fingerprints of merged bits, which plain float64 loops in another language give too. They are the same for debug and
/// release builds and for every processor: they change where a product and a sum are fused or sums reordered.
@Suite("The same bits in every build")
struct FingerprintTests {
  private static let fingerprints: [UInt64] = [
    0x8E22_9251_D690_EE22, 0x2791_471E_11FE_783A, 0x43C6_5BD1_60F6_276B,
  ]

  /// Values made by integer arithmetic and exact divisions alone.
  private static func values(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(Int(random.next() >> 40) - 1 << 23) / 8_388_608 }
  }

  /// The FNV-1a hash of 64-bit words.
  private static func fingerprint(_ words: [UInt64]) -> UInt64 {
    words.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }
  }

  /// The averages before they are rounded to Float, which would hide the last bits of the sums.
  private static func quotients(_ weights: SiteWeights, _ sources: [Matrix<Float>]) -> [Double] {
    let (rows, columns) = (sources[0].rows, sources[0].columns)
    var quotients: [Double] = []
    for row in 0..<rows {
      let blocks = (0..<columns).map { column in
        switch weights.axis {
        case .whole: 0
        case .rows: row * weights.blockCount / rows
        case .columns: column * weights.blockCount / columns
        }
      }
      var sum = [Double](repeating: 0, count: columns)
      for (model, source) in sources.enumerated() {
        let values = weights.values[model]
        if weights.axis == .columns {
          addProducts(blocks.map { values[$0] }, source.row(row), to: &sum, first: model == 0)
        } else {
          addProducts(values[blocks[0]], source.row(row), to: &sum, first: model == 0)
        }
      }
      quotients += zip(sum, blocks).map { $0 / weights.sums[$1] }
    }
    return quotients
  }

  @Test("Averages, before and after they are rounded to Float", arguments: zip(AverageTests.axes, fingerprints))
  func averages(axis: SiteWeights.Axis, expected: UInt64) throws {
    let coefficients = try Coefficients([1, 0.3, 7], models: names(3))
    let blocks = axis == .whole ? 1 : 4
    let statistics = (0..<3).map { model in (0..<blocks).map { 0.1 + Double(model * 5 + $0) / 3 } }
    let sources = (0..<3).map { model in
      let values = Self.values(96, seed: UInt64(model))
      return Tensor(rows: 12, columns: 8) { values[$0] }.matrix
    }
    let weights = SiteWeights(axis, statistics: statistics, coefficients: coefficients)
    let quotients = Self.quotients(weights, sources)
    #expect(Self.fingerprint(quotients.map(\.bitPattern)) == expected)
    let target = Tensor(rows: 12, columns: 8)
    try weights.average(sources, into: target.matrix, tensor: "t")
    #expect(sameBits(target.array, quotients.map { Float($0) }))
  }

  @Test("A running merge before its division")
  func runningMerge() throws {
    let coefficients = try Coefficients([1, 0.3, 7], models: names(3))
    var numerator = [Double](repeating: -0.0, count: 96)
    var denominator = [Double](repeating: 0, count: 96)
    for model in 0..<3 {
      let sums = Sums(Self.values(96, seed: UInt64(10 + model)).map { Double($0) * Double($0) / 1000 })
      var magnitudes = try FisherMagnitudes(model: "m", exampleCount: 7)
      try magnitudes.add(Site.pooler.parameter("t", count: 1), sums: sums.vector)
      let weighting = try DiagonalFisherRule(floor: 0.01, normalize: .global)
        .weighting(of: "t", magnitudes: magnitudes, model: model, coefficients: coefficients)
      let theta = Tensor(Self.values(96, seed: UInt64(20 + model)))
      addWeighted(theta.vector, sums.vector, weighting, numerator: &numerator, denominator: &denominator)
    }
    #expect(Self.fingerprint((numerator + denominator).map(\.bitPattern)) == 0x86E0_613B_B55F_7EAF)
  }

  @Test("A tensor that is merged in pieces, and measured in pieces, is the same")
  func pieces() throws {
    let coefficients = try Coefficients([1, 0.3, 7], models: names(3))
    let sums = (0..<3).map { model in
      // No model has a Fisher at some entries, which get the plain average.
      Sums(Self.values(96, seed: UInt64(10 + model)).enumerated().map { $0 % 7 == 0 ? 0 : Double($1) * Double($1) })
    }
    let theta = (0..<3).map { Tensor(Self.values(96, seed: UInt64(20 + $0))) }
    let rule = DiagonalFisherRule(floor: 0, normalize: .global)
    let weightings = try (0..<3).map { model in
      var (whole, inPieces) = (
        try FisherMagnitudes(model: "m", exampleCount: 7), try FisherMagnitudes(model: "m", exampleCount: 7)
      )
      try whole.add(Site.pooler.parameter("t", count: 1), sums: sums[model].vector)
      try inPieces.add(Site.pooler.parameter("t", count: 1)) { take in
        for range in [0..<5, 5..<64, 64..<96] { try take(sums[model].vector[range]) }
      }
      #expect(whole.norm == inPieces.norm)
      let weighting = try rule.weighting(of: "t", magnitudes: inPieces, model: model, coefficients: coefficients)
      #expect(
        try rule.weighting(of: "t", magnitudes: whole, model: model, coefficients: coefficients) == weighting)
      return weighting
    }
    func merge(_ range: Range<Int>, _ running: inout RunningMerge, _ target: Tensor) throws -> Int {
      for model in 0..<3 {
        try running.fold(
          theta[model].vector[range], fisherSums: sums[model].vector[range], weighting: weightings[model])
      }
      return try running.finish(into: target.vector[range], coefficients: coefficients) { theta[$0].vector[range] }
    }
    let (whole, inPieces) = (Tensor(rows: 96), Tensor(rows: 96))
    var running = RunningMerge(tensor: "t", count: 96)
    #expect(try merge(0..<96, &running, whole) == 14)
    // In the same memory, with as many entries as before and with others.
    let plain = try [0..<7, 7..<14, 14..<50, 50..<96].reduce(0) { sum, range in
      running.restart(count: range.count, start: range.lowerBound)
      return try sum + merge(range, &running, inPieces)
    }
    #expect(plain == 14)
    #expect(sameBits(whole.array, inPieces.array))
  }
}
