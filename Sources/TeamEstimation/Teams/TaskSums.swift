import Estimation
import LinearAlgebra

/// The sums of one task in a slot of the team's memory, statistic after statistic, and behind them the model's own
/// predictions.
struct TaskSums {
  let statistics: [any Statistic<Float>]
  let predictions: Vector<Int64>
  private let words: Vector<Int64>

  init(_ statistics: [any Statistic<Float>], _ task: EstimationTask, in slot: Vector<Int64>, of memory: TeamMemory) {
    self.statistics = statistics
    predictions = Self.place(statistics, task, in: slot, of: memory)
    words = slot[0..<task.words]
  }

  /// All words, for messages and files.
  var all: Vector<Int64> { words }

  /// Has statistics add to a slot. Gives the place of the predictions.
  static func place(
    _ statistics: [any Statistic<Float>], _ task: EstimationTask, in slot: Vector<Int64>, of memory: TeamMemory
  ) -> Vector<Int64> {
    var start = 0
    for (index, statistic) in statistics.enumerated() {
      let sums = statistic.sums
      sums.share(slot[start..<start + sums.words.count], owner: memory, locks: memory.locks)
      sums.adopt(exponents: task.exponents?[index] ?? [], settled: task.settled.isEmpty ? [] : task.settled[index])
      start += sums.words.count
    }
    return slot[start..<task.words]
  }

  /// Adds words of the same task's sums, from word `start` on.
  func combine(_ other: Vector<Int64>, at start: Int) {
    var first = 0
    for statistic in statistics {
      let sums = statistic.sums
      let (low, high) = (max(first, start), min(first + sums.words.count, start + other.count))
      if low < high { sums.combine(other[low - start..<high - start], at: low - first) }
      first += sums.words.count
    }
    // Other ranks write theirs at the same time, each those of its own blocks.
    for index in max(first, start)..<max(first, start + other.count) {
      let value = other[index - start]
      if value > predictions[index - first] { predictions[index - first] = value }
    }
  }
}
