import Datasets
import Estimation
import LinearAlgebra

extension ModelEstimation {
  /// The blocks of each round, as indices of examples; one round of all where nothing is to be decided on the way.
  func rounds(of examples: TokenizedExamples) -> [[[Int]]] {
    guard options.largestError != nil else { return [Plan.blocks(of: examples, plan.compatibility, plan.sampling)] }
    return examples.rounds(first: options.firstRound, seed: plan.sampling.seed).map { Self.blocks(of: $0, examples) }
  }

  static func blocks(of indices: [Int], _ examples: TokenizedExamples) -> [[Int]] {
    BlockPlan(
      lengths: indices.map { examples.length($0) }, rowIndices: indices.map { examples.rowIndices[$0] },
      maximumTokens: Plan.blockTokens, maximumExamples: Plan.blockExamples
    ).blocks.map { $0.examples.map { indices[$0] } }
  }

  /// Whether the sums so far have small enough standard errors; the same answer on all ranks.
  ///
  /// Only the small numbers are reduced (masks and their moments, traces and their moments), as copies: each rank keeps its share of the
  /// sums. They are integers, so the verdict does not depend on the number of ranks.
  ///
  /// **Collective.**
  func isKnown(within limit: Double, examples: Int, _ estimator: BlockEstimator<Float>) throws -> Bool {
    let tables = SamplingError.tables(plan.statistics, planned.configuration)
    let names = Set(tables.flatMap { $0.tensors.flatMap { [$0.sums, $0.squares] } })
    var values: [String: [Double]] = [:]
    var fits = true
    for statistic in estimator.statistics {
      let sums = statistic.sums
      let slots = sums.slots.indices.filter { names.contains(sums.slots[$0].name) }
      let copies = Buffer<Int64>(count: slots.reduce(slots.count) { $0 + sums.slots[$1].count })
      defer { withExtendedLifetime(copies) {} }
      var places: [Range<Int>] = []
      var end = slots.count
      for (index, slot) in slots.enumerated() {
        copies.vector[index] = sums.tallies.vector[2 * slot]
        let place = end..<end + sums.slots[slot].count
        for (entry, target) in place.enumerated() {
          copies.vector[target] = sums.units.vector[sums.slots[slot].offset + entry]
        }
        places.append(place)
        end = place.upperBound
      }
      try session.communicator.reduce(copies.vector.buffer, .sum)
      for (index, slot) in slots.enumerated() {
        // A sum that may have overflowed says nothing yet; a second pass will mend it.
        fits = fits && FixedPointSums.fits(tally: copies.vector[index])
        values[sums.slots[slot].name] = sums.values(of: copies.vector[places[index]], slot: slot)
      }
    }
    let verdict = try session.communicator.agreeOnRoot { () -> Bool in
      let reader = KnownValues(kinds: plan.statistics, examples: examples, values: values)
      let errors = try SamplingError.all(reader, planned.configuration)
      session.console.note(
        "\(planned.name): relative standard error after \(examples) examples: "
          + (fits ? SamplingError.text(errors) : "not known before a second pass, for which all examples are used"))
      return fits && errors.allSatisfy { $0.error.map { $0 <= limit } ?? false }
    }
    return try session.communicator.broadcast(Int64(verdict == true ? 1 : 0)) == 1
  }
}

/// A few small tensors by name.
private struct KnownValues: StatisticReader {
  let kinds: [StatisticKind]
  let examples: Int
  var tokens: Int { 0 }
  let values: [String: [Double]]

  func read(_ name: String, _ elements: Range<Int>, into out: Vector<Double>) {
    guard let tensor = values[name] else { fatalError("\(name) was not reduced") }
    for (index, element) in elements.enumerated() { out[index] = tensor[element] }
  }
}
