import Estimation
import MessagePassing

/// Sums that all ranks add to: the units from some measured terms, every rank's share, the reduction, and the verdict
/// whether the units were good.
struct CollectiveSums {
  let communicator: Communicator
  let sums: [FixedPointSums]
  /// Whether all ranks get the sums, and not the root alone.
  var isForAll = false

  /// Estimates the sums; the root's are complete at the end, the others' are their share unless all get them.
  ///
  /// - Parameters:
  ///   - times: how many times what is measured will be summed.
  ///   - measure: adds the terms that tell the magnitudes; called on the root. Must contain no collective call.
  ///   - evaluate: adds this rank's share, for the given pass.
  ///   - refused: told which tensors need another pass, before it begins.
  /// - Returns: the number of passes.
  ///
  /// **Collective.**
  func estimate(
    times: Int, measure: () throws -> Void, evaluate: (_ pass: Int) throws -> Void,
    refused: (_ tensors: [String]) -> Void = { _ in }
  ) throws -> Int {
    try communicator.agreeOnRoot { try FixedPointSums.measure(sums[...], times: times, measure) }
    try shareUnits()
    var passes = 0
    repeat {
      passes += 1
      try evaluate(passes)
      try reduce()
    } while try needsAnotherPass(refused)
    return passes
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
