import LinearAlgebra

/// Sums that do not depend on the order of their terms: every term is rounded to a multiple of its tensor's unit, a power of two, and
/// the multiples are added as 64-bit integers.
///
/// Integer addition is associative, so ranks may hold any share of the terms and reduce in any order, and the bits stay the same. The unit
/// comes from a few measured examples (``measure(times:_:)``), leaves room for blocks that are much larger, and overflow is detected by a bound
/// that is itself a sum of integers (``assess()``), so that the verdict too is the same for every number of ranks.
/// `docs/numerics.md` gives the error bounds.
package final class FixedPointSums {
  /// One tensor's place in the sums.
  package struct Slot: Sendable {
    package let name: String
    package let shape: [Int]
    package let offset: Int
    package let role: Role
    /// Whether this is a second moment: a few digits are enough, but examples differ in it by orders of magnitude.
    package var isMoment: Bool { role == .moment }
    package var count: Int { shape.reduce(1, *) }
  }

  /// What a tensor is beside the others of its statistic; by its name, see ``SecondMoment``.
  package enum Role: Sendable { case sum, trace, moment }

  package let slots: [Slot]
  /// The multiples, all tensors one after another; what is reduced over the ranks.
  package let units: Buffer<Int64>
  /// Per slot: Σ over terms of the largest entry in coarse units, then the number of terms: reduced with the units, by sum.
  package let tallies: Buffer<Int64>
  /// Per slot: the largest entry of any term: reduced by maximum.
  package let magnitudes: Buffer<Double>
  /// Per slot: the unit is 2^exponent; nil before anything was measured.
  package private(set) var exponents: [Int?]
  /// The first slot that was given a NaN or an infinity since ``clear()``.
  package private(set) var nonFiniteSlot: Int?
  private var isMeasuring = false
  /// Slots whose unit was chosen from a whole pass: it cannot be improved.
  private var isSettled: [Bool]

  /// - Parameter tensors: those whose names end with ``SecondMoment/suffix`` are second moments, those with
  ///   ``SecondMoment/traceSuffix`` traces.
  package init(tensors: [(name: String, shape: [Int])]) {
    var offset = 0
    slots = tensors.map { tensor in
      defer { offset += tensor.shape.reduce(1, *) }
      return Slot(name: tensor.name, shape: tensor.shape, offset: offset, role: SecondMoment.role(of: tensor.name))
    }
    units = Buffer(count: offset)
    tallies = Buffer(count: 2 * slots.count)
    magnitudes = Buffer(count: slots.count)
    exponents = Array(repeating: nil, count: slots.count)
    isSettled = Array(repeating: false, count: slots.count)
  }

  /// Adds part of a term to one tensor, from entry `start` on.
  ///
  /// - Returns: the largest magnitude in `values`, for ``close(_:terms:magnitude:)``.
  @discardableResult
  package func add<Scalar: KernelScalar>(_ values: Vector<Scalar>, to slot: Int, at start: Int = 0) -> Double {
    let largest = largestMagnitude(values)
    guard largest.isFinite else {
      nonFiniteSlot = nonFiniteSlot ?? slot
      return 0
    }
    guard !isMeasuring, largest > 0 else { return largest }
    guard let exponent = exponents[slot] else { fatalError("\(slots[slot].name): a term before its unit") }
    let scale = powerOfTwo(-exponent)
    // A term that does not fit is left out here and makes assess() ask for another pass.
    guard largest * scale < 0x1p62 else { return largest }
    let target = units.vector[slots[slot].offset + start..<slots[slot].offset + start + values.count]
    addFixedPoint(values, scale: scale, to: target)
    return largest
  }

  /// Ends a group of terms of one tensor: what bounds its sum is noted.
  ///
  /// - Parameters:
  ///   - terms: how many terms an entry got at most.
  ///   - magnitude: a bound on what the group added to any one entry.
  package func close(_ slot: Int, terms: Int, magnitude: Double) {
    // While measuring, the groups are one sample, and what bounds them together is wanted.
    magnitudes.vector[slot] =
      isMeasuring ? magnitudes.vector[slot] + magnitude : max(magnitudes.vector[slot], magnitude)
    guard !isMeasuring, magnitude > 0, let exponent = exponents[slot] else { return }
    let coarse = (magnitude * powerOfTwo(-exponent - Self.coarseBits)).rounded(.up) + 1
    tallies.vector[2 * slot] += coarse < 0x1p39 ? Int64(coarse) : 1 << 39
    tallies.vector[2 * slot + 1] += Int64(terms)
  }

  /// Runs `sample` without adding anything, and chooses each tensor's unit from the magnitudes that it gave.
  ///
  /// - Parameters:
  ///   - times: how many times as much will be summed in all.
  ///   - sample: evaluates some examples, the same ones on every run.
  package func measure<Failure>(times: Int, _ sample: () throws(Failure) -> Void) throws(Failure) {
    clear()
    isMeasuring = true
    defer {
      isMeasuring = false
      clear()
    }
    try sample()
    // A tensor that is zero for the sample is taken to be like the largest of those that mean the same.
    var top: [Role: Double] = [:]
    for slot in slots.indices { top[slots[slot].role] = max(top[slots[slot].role] ?? 0, magnitudes.vector[slot]) }
    let timesBits = bits(Double(times))
    // Room for blocks that are larger than the measured ones: as much as the error bound leaves, between 2⁵ and 2¹² times.
    let room = min(12, max(5, 16 - timesBits))
    for slot in slots.indices where !isSettled[slot] {
      let seen = magnitudes.vector[slot] > 0 ? magnitudes.vector[slot] : top[slots[slot].role] ?? 0
      let room = slots[slot].isMoment ? Self.momentRoom : room
      exponents[slot] = seen > 0 ? bits(seen) + timesBits + room - 62 : -62
    }
  }

  /// Chooses the units of several sums from one sample, which is evaluated once. See ``measure(times:_:)``.
  package static func measure<Failure>(
    _ all: ArraySlice<FixedPointSums>, times: Int, _ sample: () throws(Failure) -> Void
  ) throws(Failure) {
    guard let first = all.first else { return try sample() }
    try first.measure(times: times) { () throws(Failure) in
      try measure(all.dropFirst(), times: times, sample)
    }
  }

  /// Takes over the units that another rank measured. See ``measure(times:_:)``.
  package func adopt(exponents: [Int]) {
    precondition(exponents.count == slots.count, "one exponent per tensor")
    self.exponents = exponents
  }

  /// Judges reduced sums: whether every tensor fitted its unit and is as exact as promised.
  ///
  /// Where not, better units are chosen, the sums are cleared, and all blocks have to be added once more. That happens at most once, when
  /// the measured examples were not typical by orders of magnitude. Depends on the sums alone, so all ranks that hold the
  /// reduced sums come to the same verdict.
  ///
  /// - Returns: the names of the tensors for which another pass is needed; empty where the sums are good.
  package func assess() -> [String] {
    var refused: [String] = []
    for slot in slots.indices where !isSettled[slot] {
      guard let exponent = exponents[slot], magnitudes.vector[slot] > 0 else { continue }
      let coarse = tallies.vector[2 * slot]
      let terms = Double(max(1, tallies.vector[2 * slot + 1]))
      let fits = Self.fits(tally: coarse)
      let largest = Double(largestMagnitude(units.vector[slots[slot].offset..<slots[slot].offset + slots[slot].count]))
      let isExact = slots[slot].isMoment || terms / 2 <= Self.promisedError * largest
      guard !fits || !isExact else { continue }
      let sumOfTerms = magnitudes.vector[slot] * terms
      let bound = fits ? min(Double(coarse) * powerOfTwo(exponent + Self.coarseBits), sumOfTerms) : sumOfTerms
      exponents[slot] = bits(bound) + 1 - 62
      isSettled[slot] = true
      refused.append(slots[slot].name)
    }
    if !refused.isEmpty { clear() }
    return refused
  }

  /// The promise of `docs/numerics.md`: the error of an entry relative to its tensor's largest.
  static let promisedError = 1e-13
  /// Second moments have room for blocks 2³⁰ times those measured, and 30 bits of precision less.
  private static let momentRoom = 30
  /// The tallies count in units this much coarser, so that they cannot overflow themselves.
  static let coarseBits = 24

  /// Whether reduced sums of one slot are below the limit beyond which they could have overflowed.
  ///
  /// - Parameter tally: the reduced first entry of the slot's ``tallies``.
  package static func fits(tally: Int64) -> Bool { tally < 1 << (62 - coarseBits) }

  /// Sets all sums to zero; the units stay.
  package func clear() {
    units.clear()
    tallies.clear()
    magnitudes.clear()
    nonFiniteSlot = nil
  }

  /// One tensor's sums, each rounded once to double.
  package func read(_ slot: Int, into out: Vector<Double>) { read(slot, 0..<slots[slot].count, into: out) }

  /// Some consecutive entries of one tensor's sums, each rounded once to double.
  package func read(_ slot: Int, _ elements: Range<Int>, into out: Vector<Double>) {
    precondition(elements.upperBound <= slots[slot].count, "entries outside the tensor")
    let start = slots[slot].offset
    readFixedPoint(
      units.vector[start + elements.lowerBound..<start + elements.upperBound],
      unit: powerOfTwo(exponents[slot] ?? 0), into: out)
  }

  /// What multiples of one slot's unit are, each rounded once to double; for copies of parts of ``units``.
  package func values(of multiples: Vector<Int64>, slot: Int) -> [Double] {
    let out = Buffer<Double>(count: multiples.count)
    readFixedPoint(multiples, unit: powerOfTwo(exponents[slot] ?? 0), into: out.vector)
    return withExtendedLifetime(out) { out.vector.array }
  }

  /// One tensor's sums, each rounded once to double.
  package func values(_ slot: Int) -> [Double] {
    let out = Buffer<Double>(count: slots[slot].count)
    read(slot, into: out.vector)
    return withExtendedLifetime(out) { out.vector.array }
  }
}

/// 2^exponent, exactly.
private func powerOfTwo(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

/// The smallest n with x ≤ 2ⁿ, for x > 0.
private func bits(_ x: Double) -> Int { x.significand == 1 ? Int(x.exponent) : Int(x.exponent) + 1 }
