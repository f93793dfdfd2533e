import Estimation
import MessagePassing

/// Sums that all ranks add to: the units from some measured terms, every rank's share, the reduction, and the verdict
/// whether the units were good.
struct CollectiveSums {
  let communicator: Communicator
  let sums: [FixedPointSums]
  /// Whether all ranks get the sums, and not the root alone.
  var isForAll = false

  /// Some terms that tell the magnitudes, and the rank that has them.
  struct Sample {
    let rank: Int
    /// Adds the terms. Must contain no collective call.
    let add: () throws -> Void
  }

  /// Estimates the sums; the root's are complete at the end, the others' are their share unless all get them.
  ///
  /// - Parameters:
  ///   - times: how many times what is measured will be summed.
  ///   - samples: which terms are measured.
  ///   - evaluate: adds this rank's share, for the given pass.
  ///   - refused: told which tensors need another pass, before it begins.
  /// - Returns: the number of passes.
  ///
  /// **Collective.**
  func estimate(
    times: Int, samples: [Sample], evaluate: (_ pass: Int) throws -> Void,
    refused: (_ tensors: [String]) -> Void = { _ in }
  ) throws -> Int {
    try measure(times: times, samples)
    var passes = 0
    repeat {
      passes += 1
      try evaluate(passes)
      try reduce()
    } while try needsAnotherPass(refused)
    return passes
  }

  /// Chooses the units, alike on all ranks. **Collective.**
  private func measure(times: Int, _ samples: [Sample]) throws {
    var bounds = sums.map { [Double](repeating: 0, count: $0.slots.count) }
    for sample in samples {
      var own: [[Double]]?
      try communicator.agree(in: "measuring the units of the sums") {
        if communicator.rank == sample.rank { own = try FixedPointSums.bounds(sums, sample.add) }
      }
      for index in sums.indices {
        var values = own?[index] ?? bounds[index].map { _ in 0 }
        try values.withUnsafeMutableBufferPointer { try communicator.broadcast($0, root: sample.rank) }
        for (slot, value) in values.enumerated() { bounds[index][slot] += value }
      }
    }
    for (sums, bounds) in zip(sums, bounds) { sums.chooseUnits(bounds: bounds, times: times) }
  }

  /// Gives the root's units to all ranks. **Collective.**
  private func shareUnits() throws {
    for sum in sums {
      var exponents = sum.exponents.map { Int64($0 ?? 0) }
      try exponents.withUnsafeMutableBufferPointer { try communicator.broadcast($0) }
      sum.adopt(exponents: exponents.map { Int($0) })
    }
  }

  /// Adds all ranks' sums. **Collective.**
  private func reduce() throws {
    for sum in sums {
      let (units, magnitudes) = (
        sum.words[0..<sum.summedCount].buffer, sum.words[sum.summedCount..<sum.words.count].buffer
      )
      if isForAll {
        try communicator.allReduce(units, .sum)
        try communicator.allReduce(magnitudes, .maximum)
      } else {
        try communicator.reduce(units, .sum)
        try communicator.reduce(magnitudes, .maximum)
      }
    }
  }

  /// The root's verdict on the reduced sums, for all; where another pass is needed, everything is set back for it.
  /// **Collective.**
  private func needsAnotherPass(_ tell: ([String]) -> Void) throws -> Bool {
    var refused: [String] = []
    if communicator.isRoot { for sum in sums { refused += sum.assess() } }
    guard try communicator.broadcast(Int64(refused.count)) > 0 else { return false }
    if communicator.isRoot { tell(refused) }
    for sum in sums { sum.clear() }
    try shareUnits()
    return true
  }
}
