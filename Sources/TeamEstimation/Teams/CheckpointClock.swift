import Sessions

/// When a team's next checkpoint is due, and when the run's time is over.
struct CheckpointClock {
  /// Seconds between checkpoints; 0 for one after every block.
  private let interval: Double
  private let end: ContinuousClock.Instant?
  private var next: ContinuousClock.Instant
  private var served: Int64 = 0

  /// - Parameter end: when the run has to leave; on the rank that decides it.
  init(interval: Double, end: ContinuousClock.Instant?) {
    self.interval = interval
    self.end = end
    next = .now + .seconds(interval)
  }

  var isTimeOver: Bool { end.map { ContinuousClock.now >= $0 } ?? false }

  func isDue(requests: Int64) -> Bool { requests > served || ContinuousClock.now >= next }

  func hasNewRequest(_ requests: Int64) -> Bool { requests > served }

  /// Notes a checkpoint that took some seconds. The next one is due so late that this is a small part of the time.
  mutating func wrote(in seconds: Double, requests: Int64) {
    served = requests
    next = .now + .seconds(interval == 0 ? 0 : max(interval, seconds / CheckpointSettings.largestShare))
  }
}
