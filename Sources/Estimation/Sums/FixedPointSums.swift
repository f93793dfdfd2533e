import Parameters
import LinearAlgebra

/// Sums that do not depend on the order of their terms: every term is rounded to a multiple of its tensor's unit, a
/// power of two, and the multiples are added as 64-bit integers.
///
/// Integer addition is associative, so ranks may hold any share of the terms and reduce in any order, and the bits stay
/// the same. The unit comes from a few measured examples (``measure(times:_:)``), leaves room for blocks that are much
/// larger, and overflow is detected by a bound that is itself a sum of integers (``assess()``), so that the verdict too
/// is the same for every number of ranks. `docs/numerics.md` gives the error bounds.
///
/// The sums may be in memory that several processes of a node add to at the same time (``share(_:owner:locks:)``).
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

  /// What a tensor is beside the others of its statistic: those that mean the same have units of like size.
  package enum Role: Sendable {
    case sum, trace, moment

    init(_ role: StatisticTensor.Role) {
      switch role {
      case .sums, .counts, .zeros, .gram, .inputSums, .outputSketch: self = .sum
      case .trace: self = .trace
      case .secondMoment: self = .moment
      }
    }
  }

  package let slots: [Slot]
  /// Everything that is added up or handed over, as 64-bit words: the units, the tallies, the magnitudes.
  package private(set) var words: Vector<Int64>
  private var owner: AnyObject
  /// Where other processes add to the same memory.
  private var locks: TileLocks?
  private let unitCount: Int

  /// The multiples, all tensors one after another; of several processes added up. A view, as ``words``.
  package var units: Vector<Int64> { words[0..<unitCount] }
  /// Per slot: Σ over terms of the largest entry in coarse units, then the number of terms: added up like the units.
  package var tallies: Vector<Int64> { words[unitCount..<summedCount] }
  /// Per slot: the largest entry of any term, as the bits of a double that is not negative, so that their order is that
  /// of integers: of several processes the maximum.
  private var magnitudes: Vector<Int64> { words[summedCount..<words.count] }
  /// How many of the ``words`` are added up; of the others the maximum is taken.
  package var summedCount: Int { unitCount + 2 * slots.count }

  /// Per slot: the unit is 2^exponent; nil before anything was measured.
  package private(set) var exponents: [Int?]
  /// The first slot that was given a NaN or an infinity since ``clear()``.
  package private(set) var nonFiniteSlot: Int?
  private var isMeasuring = false
  /// Slots whose unit was chosen from a whole pass: it cannot be improved.
  private var isSettled: [Bool]

  package init(tensors: [StatisticTensor]) {
    var offset = 0
    slots = tensors.map { tensor in
      defer { offset += tensor.count }
      return Slot(name: tensor.name, shape: tensor.shape, offset: offset, role: Role(tensor.role))
    }
    unitCount = offset
    // Pages that are never touched cost nothing: measuring needs the last words only.
    let memory = Buffer<Int64>(count: offset + 3 * slots.count)
    (words, owner) = (memory.vector, memory)
    exponents = Array(repeating: nil, count: slots.count)
    isSettled = Array(repeating: false, count: slots.count)
  }

  /// Keeps the sums in memory of somebody else from now on, as they are there; what was summed before is forgotten.
  ///
  /// - Parameters:
  ///   - memory: as many words as ``words`` has.
  ///   - owner: keeps `memory` alive.
  ///   - locks: the same for all processes that add to `memory`; nil where there is one.
  package func share(_ memory: Vector<Int64>, owner: AnyObject, locks: TileLocks?) {
    precondition(memory.count == words.count, "sums have a size")
    (words, self.owner, self.locks) = (memory, owner, locks)
  }

  /// Adds words of equal sums with the same units, from word `start` on; maxima where these are kept.
  package func combine(_ other: Vector<Int64>, at start: Int) {
    let limit = start + other.count
    var next = start
    while next < limit {
      let isSum = next < summedCount
      let isUnit = next < unitCount
      let end = min(limit, isUnit ? min(unitCount, (next / Self.tile + 1) * Self.tile) : isSum ? summedCount : limit)
      locked(isUnit ? 1 + next / Self.tile : Self.closing) {
        for index in next..<end {
          let value = other[index - start]
          words[index] = isSum ? words[index] &+ value : max(words[index], value)
        }
      }
      next = end
    }
  }

  /// Entries that are added to under one lock: 256 KiB of sums.
  private static let tile = 1 << 15
  /// The lock of tallies and magnitudes; those of the tiles follow.
  private static let closing = 0

  private func locked(_ index: Int, _ body: () -> Void) {
    if let locks { locks.withLock(index, body) } else { body() }
  }

  /// Adds part of a term, times a factor, to one tensor, from entry `start` on.
  ///
  /// - Returns: the largest magnitude of what was added, for ``close(_:terms:magnitude:)``.
  @discardableResult
  package func add<Scalar: KernelScalar>(
    _ values: Vector<Scalar>, times factor: Double = 1, to slot: Int, at start: Int = 0
  ) -> Double {
    let largest = largestMagnitude(values) * abs(factor)
    guard largest.isFinite else {
      nonFiniteSlot = nonFiniteSlot ?? slot
      return 0
    }
    guard !isMeasuring, largest > 0 else { return largest }
    guard let exponent = exponents[slot] else { fatalError("\(slots[slot].name): a term before its unit") }
    let scale = factor * powerOfTwo(-exponent)
    // A term that does not fit is left out here and makes assess() ask for another pass.
    guard largest * powerOfTwo(-exponent) < 0x1p62 else { return largest }
    let first = slots[slot].offset + start
    guard locks != nil else {
      addFixedPoint(values, scale: scale, to: words[first..<first + values.count])
      return largest
    }
    var next = first
    while next < first + values.count {
      let end = min(first + values.count, (next / Self.tile + 1) * Self.tile)
      locked(1 + next / Self.tile) {
        addFixedPoint(values[next - first..<end - first], scale: scale, to: words[next..<end])
      }
      next = end
    }
    return largest
  }

  /// Adds part of a term to one tensor, row by row; each row from the entry that `start` gives for its index on.
  package func add<Scalar: KernelScalar>(_ rows: Matrix<Scalar>, to slot: Int, at start: (Int) -> Int) -> Double {
    (0..<rows.rows).reduce(0) { max($0, add(rows.row($1), to: slot, at: start($1))) }
  }

  /// Ends a group of terms of one tensor: what bounds its sum is noted.
  ///
  /// - Parameters:
  ///   - terms: how many terms an entry got at most.
  ///   - magnitude: a bound on what the group added to any one entry.
  package func close(_ slot: Int, terms: Int, magnitude: Double) {
    guard !isMeasuring else {
      // The groups are one sample, and what bounds them together is wanted.
      set(self.magnitude(slot) + magnitude, slot)
      return
    }
    guard magnitude > 0, let exponent = exponents[slot] else { return }
    let coarse = (magnitude * powerOfTwo(-exponent - Self.coarseBits)).rounded(.up) + 1
    locked(Self.closing) {
      set(max(self.magnitude(slot), magnitude), slot)
      tallies[2 * slot] += coarse < 0x1p39 ? Int64(coarse) : 1 << 39
      tallies[2 * slot + 1] += Int64(terms)
    }
  }

  private func magnitude(_ slot: Int) -> Double { Double(bitPattern: UInt64(bitPattern: magnitudes[slot])) }

  private func set(_ magnitude: Double, _ slot: Int) {
    magnitudes[slot] = Int64(bitPattern: magnitude.bitPattern)
  }

  /// Runs `sample` without adding anything, and chooses each tensor's unit from the magnitudes that it gave.
  ///
  /// - Parameters:
  ///   - times: how many times as much will be summed in all.
  ///   - sample: evaluates some examples, the same ones on every run.
  package func measure<Failure>(times: Int, _ sample: () throws(Failure) -> Void) throws(Failure) {
    chooseUnits(bounds: try Self.bounds([self], sample)[0], times: times)
  }

  /// Chooses the units of several sums from one sample, which is evaluated once. See ``measure(times:_:)``.
  package static func measure<Failure>(
    _ all: [FixedPointSums], times: Int, _ sample: () throws(Failure) -> Void
  ) throws(Failure) {
    for (sums, bounds) in zip(all, try bounds(all, sample)) { sums.chooseUnits(bounds: bounds, times: times) }
  }

  /// Runs `sample` without adding anything.
  ///
  /// - Returns: of each of the sums and each of its tensors, what bounds the entries that the sample would give.
  package static func bounds<Failure>(
    _ all: [FixedPointSums], _ sample: () throws(Failure) -> Void
  ) throws(Failure) -> [[Double]] {
    for sums in all {
      sums.clearMagnitudes()
      sums.isMeasuring = true
    }
    defer {
      for sums in all {
        sums.isMeasuring = false
        sums.clearMagnitudes()
      }
    }
    try sample()
    return all.map { sums in sums.slots.indices.map { sums.magnitude($0) } }
  }

  /// Chooses each tensor's unit.
  ///
  /// - Parameters:
  ///   - bounds: by tensor, on the entries of a sample; see ``bounds(_:_:)``. Of several samples their sum.
  ///   - times: how many times as much will be summed in all.
  package func chooseUnits(bounds: [Double], times: Int) {
    // A tensor that is zero for the sample is taken to be like the largest of those that mean the same.
    var top: [Role: Double] = [:]
    for slot in slots.indices { top[slots[slot].role] = max(top[slots[slot].role] ?? 0, bounds[slot]) }
    let timesBits = bits(Double(times))
    // Room for blocks that are larger than the measured ones: as much as the error bound leaves, between 2⁵ and 2¹²
    // times.
    let room = min(12, max(5, 16 - timesBits))
    for slot in slots.indices where !isSettled[slot] {
      let seen = bounds[slot] > 0 ? bounds[slot] : top[slots[slot].role] ?? 0
      let room = slots[slot].isMoment ? Self.momentRoom : room
      exponents[slot] = seen > 0 ? bits(seen) + timesBits + room - 62 : -62
    }
  }

  /// Takes over the units that another rank measured. See ``measure(times:_:)``.
  ///
  /// - Parameter settled: the slots whose units were chosen from a whole pass; see ``assess()``.
  package func adopt(exponents: [Int], settled: Set<Int> = []) {
    precondition(exponents.count == slots.count, "one exponent per tensor")
    self.exponents = exponents
    isSettled = slots.indices.map { settled.contains($0) }
  }

  /// The slots whose unit was chosen from a whole pass.
  package var settled: Set<Int> { Set(slots.indices.filter { isSettled[$0] }) }

  /// Judges reduced sums: whether every tensor fitted its unit and is as exact as promised.
  ///
  /// Where not, better units are chosen, the sums are cleared, and all blocks have to be added once more. That happens
  /// at most once, when the measured examples were not typical by orders of magnitude. Depends on the sums alone, so
  /// all ranks that hold the reduced sums come to the same verdict.
  ///
  /// - Returns: the names of the tensors for which another pass is needed; empty where the sums are good.
  package func assess() -> [String] {
    var refused: [String] = []
    for slot in slots.indices where !isSettled[slot] {
      guard let exponent = exponents[slot], magnitude(slot) > 0 else { continue }
      let coarse = tallies[2 * slot]
      let terms = Double(max(1, tallies[2 * slot + 1]))
      let fits = Self.fits(tally: coarse)
      let largest = Double(largestMagnitude(units[slots[slot].offset..<slots[slot].offset + slots[slot].count]))
      let isExact = slots[slot].isMoment || terms / 2 <= Self.promisedError * largest
      guard !fits || !isExact else { continue }
      let sumOfTerms = magnitude(slot) * terms
      let bound = fits ? min(Double(coarse) * powerOfTwo(exponent + Self.coarseBits), sumOfTerms) : sumOfTerms
      exponents[slot] = bits(bound) + 1 - 62
      isSettled[slot] = true
      refused.append(slots[slot].name)
    }
    if !refused.isEmpty { clear() }
    return refused
  }

  /// The promise of `docs/numerics.md`: the error of an entry relative to its tensor's largest.
  package static let promisedError = 1e-13
  /// Second moments have room for blocks 2³⁰ times those measured, and 30 bits of precision less.
  private static let momentRoom = 30
  /// The tallies count in units this much coarser, so that they cannot overflow themselves.
  static let coarseBits = 24

  /// Whether reduced sums of one slot are below the limit beyond which they could have overflowed.
  ///
  /// - Parameter tally: the reduced first entry of the slot's ``tallies``.
  package static func fits(tally: Int64) -> Bool { tally < 1 << (62 - coarseBits) }

  /// Nothing else is written to while measuring.
  private func clearMagnitudes() {
    magnitudes.clear()
    nonFiniteSlot = nil
  }

  /// Sets all sums to zero; the units stay.
  package func clear() {
    words.clear()
    nonFiniteSlot = nil
  }

  /// One tensor's sums, each rounded once to double.
  package func read(_ slot: Int, into out: Vector<Double>) { read(slot, 0..<slots[slot].count, into: out) }

  /// Some consecutive entries of one tensor's sums, each rounded once to double.
  package func read(_ slot: Int, _ elements: Range<Int>, into out: Vector<Double>) {
    precondition(elements.upperBound <= slots[slot].count, "entries outside the tensor")
    let start = slots[slot].offset
    readFixedPoint(
      units[start + elements.lowerBound..<start + elements.upperBound],
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
