import Foundation

/// The processor's seconds that `body` takes in this process; of one thread, so on an idle machine the clock's.
func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
  let start = processorTime()
  try body()
  return processorTime() - start
}

private func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The clock's seconds that `body` takes.
func clockSeconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// The median of the ratios of two series that were measured in turns.
func medianRatio(_ numerators: [Double], _ denominators: [Double]) -> Double {
  median(zip(numerators, denominators).map { $0 / $1 })
}
