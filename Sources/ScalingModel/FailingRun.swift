import Foundation
import Scheduling

/// A run that nodes drop out of: each failure ends the job, and it is started again from the checkpoints.
///
/// Plays blocks on all ranks, with pauses for checkpoints. Hand-overs and files are taken to cost nothing here
/// (``Simulation`` has them); a block is safe with the next checkpoint of the team that evaluated it. A task's file,
/// which makes it safe too, is left out.
package struct FailingRun: Sendable {
  /// Seconds between a team's checkpoints.
  package var interval = 600.0
  /// Seconds that a team stands still while one is written, beside waiting for each other.
  package var cost = 5.0
  /// Seconds between failures of one node, on average.
  package var nodeLife = 86400.0
  /// Seconds from a failure to the first block of the next attempt.
  package var restart = 120.0
  package var seed: UInt64 = 1

  package init() {}

  package struct Outcome: Sendable {
    package var total = 0.0
    package var failures = 0
    /// Work of blocks that had to be evaluated again, in rank-seconds.
    package var lost = 0.0
    /// For each failure, how long before it the oldest block ended that was lost, in seconds.
    package var oldestLost: [Double] = []
    package var evaluations = 0
  }

  /// Plays to the end.
  ///
  /// - Parameters:
  ///   - tasks: the work in seconds of one rank.
  ///   - nodes: as many teams of `ranks` ranks; a failed node is replaced.
  package func play(_ tasks: [EstimationSchedule.Work], nodes: Int, ranks: Int) -> Outcome {
    var random = RandomNumbers(seed: seed)
    var outcome = Outcome()
    var safe = Array(repeating: Set<Int>(), count: tasks.count)
    while true {
      let left = tasks.enumerated().map { task, work in
        EstimationSchedule.Work(blocks: work.blocks.filter { !safe[task].contains($0.index) })
      }
      guard left.contains(where: { !$0.blocks.isEmpty }) else { return outcome }
      let schedule = EstimationSchedule(tasks: left, teams: Array(repeating: ranks, count: nodes))
      let works = left.map { Dictionary(uniqueKeysWithValues: $0.blocks.map { ($0.index, $0.work) }) }
      let failure = random.exponential(mean: nodeLife / Double(nodes))
      var ends: [Double] = []
      var attempts: [TeamAttempt] = []
      for parts in schedule.parts {
        var attempt = TeamAttempt(parts: parts, works: works, ranks: ranks)
        attempt.play(until: failure, interval: interval, cost: cost)
        ends.append(attempt.end)
        attempts.append(attempt)
      }
      let end = ends.max() ?? 0
      let fails = end > failure
      var oldest = failure
      for attempt in attempts {
        outcome.evaluations += attempt.finished.count
        for block in attempt.finished {
          if !fails || block.isSafe {
            safe[block.task].insert(block.index)
          } else {
            outcome.lost += block.work
            oldest = min(oldest, block.end)
          }
        }
      }
      guard fails else {
        outcome.total += end
        continue
      }
      outcome.failures += 1
      outcome.oldestLost.append(failure - oldest)
      outcome.total += failure + restart
    }
  }

  /// Young's interval (1974): √(2 · cost · time between failures).
  package static func young(cost: Double, jobLife: Double) -> Double { (2 * cost * jobLife).squareRoot() }

  /// Expected time to the end by Daly (2006, equation 20): failures may hit computing, checkpoints and restarts.
  package static func daly(
    work: Double, interval: Double, cost: Double, jobLife: Double, restart: Double
  ) -> Double {
    jobLife * exp(restart / jobLife) * (exp((interval + cost) / jobLife) - 1) * work / interval
  }
}

/// One team between two failures.
private struct TeamAttempt {
  struct Finished {
    let task, index: Int
    let work, end: Double
    var isSafe: Bool
  }

  let blocks: [(task: Int, index: Int, work: Double)]
  let ranks: Int
  var finished: [Finished] = []
  var end = 0.0

  init(parts: [EstimationSchedule.Part], works: [[Int: Double]], ranks: Int) {
    self.ranks = ranks
    blocks = parts.flatMap { part in
      part.blocks.indices.map { (part.task, $0, works[part.task][$0, default: 0]) }
    }
  }

  /// Claims block after block; at a checkpoint all finish theirs, and go on when it is written.
  mutating func play(until failure: Double, interval: Double, cost: Double) {
    var free = EventQueue<Int>()
    for rank in 0..<ranks { free.add(rank, at: 0) }
    var next = 0
    var due = interval
    var waiting: [Int] = []
    var unsafe = 0
    while let (time, rank) = free.next() {
      guard time <= failure else {
        end = .infinity
        break
      }
      if next == blocks.count { continue }
      if time >= due {
        waiting.append(rank)
        guard free.isEmpty else { continue }
        let written = time + cost
        guard written <= failure else {
          end = .infinity
          break
        }
        for index in unsafe..<finished.count { finished[index].isSafe = true }
        unsafe = finished.count
        for rank in waiting { free.add(rank, at: written) }
        waiting = []
        due = written + interval
        continue
      }
      let block = blocks[next]
      next += 1
      let done = time + block.work
      if done <= failure {
        finished.append(Finished(task: block.task, index: block.index, work: block.work, end: done, isSafe: false))
        end = max(end, done)
      } else {
        end = .infinity
      }
      free.add(rank, at: done)
    }
  }
}
