import LinearAlgebra
import Testing

@Suite("Stored floating-point formats")
struct StoredPrecisionTests {
  /// A binary format of 16 bits by its definition (IEEE 754, section 3.4): the oracle for both 16-bit formats.
  struct Format: CustomTestStringConvertible {
    let precision: StoredPrecision
    let mantissaBits: Int
    let bias: Int
    var testDescription: String { "\(precision)" }

    /// The value of a bit pattern, by arithmetic in Double, in which every value is exact.
    func value(_ pattern: UInt16) -> Double {
      let mantissa = Int(pattern) & ((1 << mantissaBits) - 1)
      let exponent = Int(pattern & 0x7FFF) >> mantissaBits
      let sign = pattern >> 15 == 0 ? 1.0 : -1.0
      let maximumExponent = (1 << (15 - mantissaBits)) - 1
      if exponent == maximumExponent { return mantissa == 0 ? sign * .infinity : .nan }
      let significand = exponent == 0 ? mantissa : mantissa + (1 << mantissaBits)
      let power = max(exponent, 1) - bias - mantissaBits
      return sign * Double(sign: .plus, exponent: power, significand: Double(significand))
    }

    var infinity: UInt16 { UInt16((1 << 15) - (1 << mantissaBits)) }
  }

  static let formats = [
    Format(precision: .float16, mantissaBits: 10, bias: 15), Format(precision: .bfloat16, mantissaBits: 7, bias: 127),
  ]

  private func decoded<Scalar: BinaryFloatingPoint>(
    _ bytes: [UInt8], count: Int, _ decode: (UnsafeRawBufferPointer, Vector<Scalar>) -> Void
  ) throws -> [Scalar] {
    var values = [Scalar](repeating: -1, count: count)
    try values.withUnsafeMutableBufferPointer { target in
      let base = try #require(target.baseAddress)
      bytes.withUnsafeBytes { decode($0, Vector(base: base, count: count)) }
    }
    return values
  }

  /// The 16-bit patterns that `values` are stored as.
  private func encoded<Scalar>(
    _ values: [Scalar], _ encode: (Vector<Scalar>, UnsafeMutableRawBufferPointer) -> Void
  ) throws -> [UInt16] {
    var values = values
    var patterns = [UInt16](repeating: 0x5555, count: values.count)
    try values.withUnsafeMutableBufferPointer { source in
      let base = try #require(source.baseAddress)
      patterns.withUnsafeMutableBytes { encode(Vector(base: base, count: source.count), $0) }
    }
    return patterns
  }

  @Test("All 65 536 patterns widen to their value, at an odd address too", arguments: formats)
  func widening(_ format: Format) throws {
    let patterns = (0...UInt16.max).map { $0 }
    // One byte in front makes every load unaligned.
    let stored: [UInt8] = [0] + patterns.flatMap { littleEndian($0) }
    let singles: [Float] = try decoded(stored, count: patterns.count) { raw, target in
      format.precision.decode(UnsafeRawBufferPointer(rebasing: raw[1...]), into: target)
    }
    let doubles: [Double] = try decoded(stored, count: patterns.count) { raw, target in
      format.precision.decode(UnsafeRawBufferPointer(rebasing: raw[1...]), into: target)
    }
    var wrong: [UInt16] = []
    for pattern in patterns {
      let (value, single, double) = (format.value(pattern), singles[Int(pattern)], doubles[Int(pattern)])
      let isRight =
        value.isNaN
        ? single.isNaN && double.isNaN
        : Double(single) == value && double == value && single.sign == (pattern >> 15 == 0 ? .plus : .minus)
      if !isRight { wrong.append(pattern) }
    }
    #expect(wrong.prefix(3) == [])
  }

  @Test("Every value that a format can hold is stored as its own pattern", arguments: formats)
  func identity(_ format: Format) throws {
    let patterns = (0...UInt16.max).filter { !format.value($0).isNaN }
    let values = patterns.map { format.value($0) }
    let ofDoubles = try encoded(values) { format.precision.encode($0, into: $1) }
    #expect(differences(ofDoubles, patterns) == [])
    let ofSingles = try encoded(values.map { Float($0) }) { format.precision.encode($0, into: $1) }
    #expect(differences(ofSingles, patterns) == [])
  }

  @Test("Between any two neighbours the nearer is taken, and half way the even one", arguments: formats)
  func rounding(_ format: Format) throws {
    var (doubles, expectedOfDoubles): ([Double], [UInt16]) = ([], [])
    var (singles, expectedOfSingles): ([Float], [UInt16]) = ([], [])
    for lower in 0..<format.infinity {
      let upper = lower + 1
      // The step beyond the largest finite value counts as if the exponent went on: half of it and more is infinity.
      let step =
        upper == format.infinity
        ? format.value(lower) - format.value(lower - 1) : format.value(upper) - format.value(lower)
      let middle = format.value(lower) + step / 2
      let even = lower % 2 == 0 ? lower : upper
      for (sign, bit) in [(1.0, UInt16(0)), (-1.0, 0x8000)] {
        // One step of a Double beside the middle: rounding first to Float and then on would fall on the middle.
        doubles += [middle.nextDown * sign, middle * sign, middle.nextUp * sign]
        expectedOfDoubles += [lower | bit, even | bit, upper | bit]
        let half = Float(middle)
        // Every middle is exact in Float, but for the one below the smallest subnormal of bfloat16 and its like.
        guard Double(half) == middle else { continue }
        singles += [half.nextDown * Float(sign), half * Float(sign), half.nextUp * Float(sign)]
        expectedOfSingles += [lower | bit, even | bit, upper | bit]
      }
    }
    #expect(singles.count == doubles.count)
    let ofDoubles = try encoded(doubles) { format.precision.encode($0, into: $1) }
    #expect(differences(ofDoubles, expectedOfDoubles) == [])
    let ofSingles = try encoded(singles) { format.precision.encode($0, into: $1) }
    #expect(differences(ofSingles, expectedOfSingles) == [])
  }

  @Test(
    "What is too large becomes an infinity, what is too small a zero with its sign, NaN stays NaN", arguments: formats)
  func extremes(_ format: Format) throws {
    let values: [Double] = [1e300, -1e300, .infinity, -.infinity, 1e-300, -1e-300, .leastNonzeroMagnitude]
    let expected = [format.infinity, format.infinity | 0x8000, format.infinity, format.infinity | 0x8000, 0, 0x8000, 0]
    #expect(try encoded(values) { format.precision.encode($0, into: $1) } == expected)
    let nans: [Float] = [.nan, -.nan, .signalingNaN, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFFF_FFFF)]
    for pattern in try encoded(nans, { format.precision.encode($0, into: $1) }) { #expect(format.value(pattern).isNaN) }
    for pattern in try encoded(nans.map { Double($0) }, { format.precision.encode($0, into: $1) }) {
      #expect(format.value(pattern).isNaN)
    }
  }

  @Test("Doubles are stored as the nearest Float and back, as Swift rounds them")
  func singles() throws {
    var generator = SeededGenerator(state: 3)
    let values = (0..<10_000).map { _ in Double(bitPattern: generator.next()) }.filter { !$0.isNaN } + [0, -0.0, 1e-45]
    let stored = values.flatMap { littleEndian($0.bitPattern) }
    let rounded: [Float] = try decoded(stored, count: values.count) { StoredPrecision.float64.decode($0, into: $1) }
    #expect(differences(rounded.map(\.bitPattern), values.map { Float($0).bitPattern }) == [])
    let same: [Double] = try decoded(stored, count: values.count) { StoredPrecision.float64.decode($0, into: $1) }
    #expect(differences(same.map(\.bitPattern), values.map(\.bitPattern)) == [])
    let wide: [Double] = try decoded(rounded.flatMap { littleEndian($0.bitPattern) }, count: rounded.count) {
      StoredPrecision.float32.decode($0, into: $1)
    }
    #expect(differences(wide, rounded.map { Double($0) }) == [])
  }

  @Test("The first NaN or infinity is found wherever it stands", arguments: StoredPrecision.allCases)
  func firstNonFinite(_ precision: StoredPrecision) throws {
    let size = precision.bytesPerElement
    // The largest finite value, an infinity and a NaN with the smallest mantissa, by their upper bytes.
    let (finite, infinity, nan): (UInt64, UInt64, UInt64) =
      switch precision {
      case .float64: (0x7FEF_FFFF_FFFF_FFFF, 0xFFF0_0000_0000_0000, 0x7FF0_0000_0000_0001)
      case .float32: (0x7F7F_FFFF, 0xFF80_0000, 0x7F80_0001)
      case .float16: (0x7BFF, 0xFC00, 0x7C01)
      case .bfloat16: (0x7F7F, 0xFF80, 0x7F81)
      }
    func stored(_ pattern: UInt64) -> [UInt8] { Array(littleEndian(pattern).prefix(size)) }
    let count = 9000
    let clean = (0..<count).flatMap { _ in stored(finite) }
    let none = clean.withUnsafeBytes { precision.firstNonFinite($0) }
    #expect(none == nil)
    for place in [0, 1, 63, 4095, 4096, 8191, 8999] {
      var dirty = clean
      dirty.replaceSubrange(place * size..<(place + 1) * size, with: stored(place % 2 == 0 ? infinity : nan))
      // A second one behind must not be the one reported.
      dirty.replaceSubrange((count - 1) * size..<count * size, with: stored(infinity))
      let found = dirty.withUnsafeBytes { precision.firstNonFinite($0) }
      #expect(found == place)
    }
    #expect([UInt8]().withUnsafeBytes { precision.firstNonFinite($0) } == nil)
  }
}
