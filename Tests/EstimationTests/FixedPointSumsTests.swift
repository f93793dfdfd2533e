import Estimation
import LinearAlgebra
import Testing

/// Terms of one tensor, spread over many orders of magnitude, from a fixed seed.
private func terms(_ count: Int, of size: Int, growth: Double = 1) -> [[Float]] {
  var state: UInt64 = 7
  func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) * 0x1p-53
  }
  return (0..<count).map { term in
    (0..<size).map { entry in
      let decades = (0...entry % 12).reduce(1.0) { value, _ in value / 10 }  // entries between 0.1 and 1e-12
      return Float(next() * (term == 0 ? 1 : growth) * decades)
    }
  }
}

private func add(_ term: [Float], to sums: FixedPointSums) {
  let buffer = Buffer<Float>(count: term.count)
  for (index, value) in term.enumerated() { buffer.vector[index] = value }
  sums.close(0, terms: 1, magnitude: sums.add(buffer.vector, to: 0))
}

/// The sums of shares of the terms, added in the given order and then reduced as MPI_SUM does.
private func reduced(_ terms: [[Float]], shares: [[Int]]) -> FixedPointSums {
  let parts = shares.map { share in
    let sums = FixedPointSums(tensors: [StatisticTensor("t", [terms[0].count])])
    sums.measure(times: terms.count) { add(terms[0], to: sums) }
    for index in share { add(terms[index], to: sums) }
    return sums
  }
  for part in parts.dropFirst() { parts[0].combine(part.words, at: 0) }
  return parts[0]
}

struct FixedPointSumsTests {
  @Test("any share of the terms, in any order, gives the same bits", arguments: [1, 2, 3, 5, 8, 64])
  func sameBits(ranks: Int) {
    let terms = terms(64, of: 50)
    let alone = reduced(terms, shares: [Array(0..<64)])
    let shares = (0..<ranks).map { rank in (0..<64).filter { ($0 * 7 + 3) % ranks == rank }.reversed() as [Int] }
    let shared = reduced(terms, shares: shares)
    #expect(alone.assess().isEmpty && shared.assess().isEmpty)
    #expect(alone.values(0) == shared.values(0))
    #expect(alone.units.array == shared.units.array)
  }

  @Test("the sums meet the promised error against double precision", arguments: [1, 64, 3000])
  func accuracy(count: Int) {
    let terms = terms(count, of: 50)
    let sums = reduced(terms, shares: [Array(0..<count)])
    #expect(sums.assess().isEmpty)
    let exact = (0..<50).map { entry in terms.reduce(0.0) { $0 + Double($1[entry]) } }
    let largest = exact.max() ?? 0
    for (value, exact) in zip(sums.values(0), exact) {
      // A double sum of 3000 terms is itself good to 3000 · 2⁻⁵³ = 3e-13 relative.
      if exact > 1e-6 * largest {
        #expect(abs(value - exact) < 1e-6 * exact)
      }
      #expect(abs(value - exact) < 1e-12 * largest)
    }
  }

  @Test(
    "blocks far larger than the measured one ask for one more pass, and then fit",
    arguments: [1e3, 5e3, 1e4, 2e4, 3e4, 1e5, 1e9, 1e30, 1e-9, 1e-25])
  func rescaling(growth: Double) {
    let terms = terms(40, of: 50, growth: growth)
    let sums = FixedPointSums(tensors: [StatisticTensor("t", [50])])
    sums.measure(times: 40) { add(terms[0], to: sums) }
    for term in terms { add(term, to: sums) }
    if !sums.assess().isEmpty {
      #expect(sums.units.array.allSatisfy { $0 == 0 }, "a refused sum must be cleared")
      for term in terms { add(term, to: sums) }
      #expect(sums.assess().isEmpty)
    } else {
      #expect(growth < 4e4, "sums this far from the measured block cannot have fitted")
    }
    let exact = (0..<50).map { entry in terms.reduce(0.0) { $0 + Double($1[entry]) } }
    let largest = exact.max() ?? 0
    for (value, exact) in zip(sums.values(0), exact) { #expect(abs(value - exact) <= 1e-12 * largest) }
  }

  /// Around the size from which a term is left out (2⁶² units, 65 536 times the measured one here): it must be in the
  /// sum, or the sum must be refused, whatever the other terms are.
  @Test(
    "one block far larger than all others is never missing",
    arguments: [1e4, 3e4, 5e4, 6e4, 7e4, 9e4, 1.2e5, 1.4e5, 2e5, 1e6])
  func singleOutlier(growth: Double) {
    let terms = terms(40, of: 50)
    var outlying = terms
    outlying[7] = terms[0].map { $0 * Float(growth) }
    let sums = FixedPointSums(tensors: [StatisticTensor("t", [50])])
    sums.measure(times: 40) { add(terms[0], to: sums) }
    for term in outlying { add(term, to: sums) }
    if !sums.assess().isEmpty {
      for term in outlying { add(term, to: sums) }
      #expect(sums.assess().isEmpty)
    }
    let exact = (0..<50).map { entry in outlying.reduce(0.0) { $0 + Double($1[entry]) } }
    let largest = exact.max() ?? 0
    for (value, exact) in zip(sums.values(0), exact) { #expect(abs(value - exact) <= 1e-12 * largest) }
  }

  @Test("a NaN or an infinity is noticed and named", arguments: [Float.nan, .infinity])
  func nonFinite(value: Float) {
    let sums = FixedPointSums(tensors: [StatisticTensor("a", [2]), StatisticTensor("b", [3])])
    let buffer = Buffer<Float>(count: 3)
    sums.measure(times: 1) { sums.close(1, terms: 1, magnitude: 1) }
    #expect(sums.nonFiniteSlot == nil)
    buffer.vector[1] = value
    sums.add(buffer.vector, to: 1)
    #expect(sums.nonFiniteSlot == 1)
  }
}
