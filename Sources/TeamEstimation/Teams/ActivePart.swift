import Scheduling

/// A part of the schedule that a team works on, as its leader knows it.
final class ActivePart {
  private(set) var part: EstimationSchedule.Part
  let task: EstimationTask
  let opened: TaskSource.Opened
  let sums: TaskSums
  /// Blocks whose terms came from files or other teams, and the nanoseconds they took.
  var arrived: BlockSet
  var arrivedTime: Int64
  /// The teams whose sums are still to come, and those of them that were told to send.
  var missing: Set<Int>
  var called: Set<Int> = []
  /// Whether the receiver was told that these sums are complete.
  var isAnnounced = false
  /// The checkpoints of these sums, the newest last, and how many blocks are in that.
  var files: [String] = []
  var savedBlocks = 0

  init(
    _ part: EstimationSchedule.Part, _ task: EstimationTask, _ opened: TaskSource.Opened, _ sums: TaskSums
  ) {
    (self.part, self.task, self.opened, self.sums) = (part, task, opened, sums)
    arrived = BlockSet()
    arrivedTime = 0
    missing = Set(part.children)
  }

  /// Goes on with more blocks of the same task.
  func resume(with part: EstimationSchedule.Part) {
    self.part = part
    missing = Set(part.children)
  }
}
