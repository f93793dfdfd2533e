import Foundation
import Scheduling
import Sessions

extension TeamRun {
  /// What a leader does at a block's boundary.
  func lead() throws {
    try receiveMessages()
    // First of all, so that a run that is stopped soon leaves what is complete behind.
    for index in activeParts.keys.sorted() { try finishIfComplete(index) }
    if checkpoints.isTimeOver { control.raise(words.stop, to: StopReason.maximumTime.rawValue) }
    if stop != nil { return try spreadStop() }
    try answerAnnouncements()
    if checkpoints.isDue(requests: control[words.checkpointRequests]) {
      try spreadCheckpointRequest()
      try checkpoint()
    }
  }

  /// Makes a part ready for the team: its statistics, and what files hold of its sums.
  func begin(_ index: Int, _ opened: TaskSource.Opened) throws {
    let part = parts[index]
    if let kept = activeParts[index] { return kept.resume(with: part) }
    let task = orders.tasks[part.task]
    let sums = TaskSums(
      plan.emptyStatistics(of: opened.model, source.options), task, in: memory.slot(index % memory.slotCount),
      of: memory)
    let active = ActivePart(part, task, opened, sums)
    if part.parent == nil {
      for path in task.files {
        let file = try CheckpointFile(path: source.directory.path.appending(path))
        guard let words = file.words else { continue }
        withExtendedLifetime(file) { sums.combine(words, at: 0) }
      }
      (active.arrived, active.arrivedTime) = (task.done, Int64(task.seconds * 1e9))
      active.savedBlocks = task.done.count
    }
    activeParts[index] = active
  }

  /// Hands a part over or delivers it, where all of it is there.
  private func finishIfComplete(_ index: Int) throws {
    guard let active = activeParts[index], active.missing.isEmpty, !active.isAnnounced,
      control[words.done(index)] == Int64(active.part.blocks.count)
    else { return }
    if let parent = active.part.parent {
      guard stop == nil else { return }
      active.isAnnounced = true
      try announce(active, index, to: parent)
    } else if !orders.keepsSums {
      deliveries.append(try result(of: active, index))
      release(index)
    }
  }

  /// Judges the sums, and has them written where they are good.
  private func result(of active: ActivePart, _ index: Int) throws -> TaskDelivery {
    let blocks = blocks(of: active, index)
    let used = blocks.indices.flatMap { active.opened.blocks[$0] }
    var delivery = TaskDelivery(
      model: active.task.model, examples: used.count,
      tokens: used.reduce(0) { $0 + active.opened.examples.length($1) },
      seconds: Double(time(of: active, index)) / 1e9, passes: active.task.pass, blocks: blocks)
    for statistic in active.sums.statistics { delivery.refused += statistic.sums.assess() }
    guard delivery.refused.isEmpty else {
      delivery.exponents = active.sums.statistics.map { $0.sums.exponents.map { $0 ?? 0 } }
      delivery.settled = active.sums.statistics.map(\.sums.settled)
      return delivery
    }
    try deliver(
      TaskResult(
        task: active.task, opened: active.opened, statistics: Array(zip(plan.statistics, active.sums.statistics)),
        blocks: blocks, seconds: delivery.seconds))
    source.directory.removeCheckpoints(of: active.task.hash)
    let predictions = OwnPredictions(
      of: active.opened.model, on: active.opened.examples, in: active.sums.predictions)
    delivery.warning = predictions?.finding?.text(model: plan.models[active.task.model].name)
    return delivery
  }

  /// The blocks that are in a part's sums. Only while the team stands still or has done all of it.
  func blocks(of active: ActivePart, _ index: Int) -> BlockSet {
    active.arrived.union(active.part.blocks.prefix(Int(control[words.claimed(index)])))
  }

  func time(of active: ActivePart, _ index: Int) -> Int64 { active.arrivedTime + control[words.time(index)] }

  /// Makes a part's slot free for another.
  func release(_ index: Int) {
    activeParts[index]?.sums.all.clear()
    activeParts[index] = nil
    control[words.released(index)] = 1
  }

  /// Gives the sums of a task that stayed where they are, as complete. On the leader, after the pass.
  func deliverKept() throws -> TaskDelivery? {
    guard let (index, active) = activeParts.first else { return nil }
    let delivery = try result(of: active, index)
    release(index)
    return delivery
  }

  /// The leader's last duties: until all parts are delivered, or until everything that is to be kept is written.
  func conclude() throws {
    let open = { [self] in parts.indices.filter { control[words.released($0)] == 0 } }
    try wait {
      let left = open()
      return orders.keepsSums ? left.allSatisfy { isKept($0) } : left.isEmpty
    }
    guard stop != nil else { return }
    try spreadStop()
    // Who was told to send either sends or takes it back.
    while activeParts.values.contains(where: { !$0.called.isEmpty }) {
      try receiveMessages()
      usleep(200)
    }
    for (index, active) in activeParts where active.isAnnounced { try withdraw(active, index) }
    waitForRanks(in: "leaving") { control[words.kept($0)] == .max }
    save()
  }

  private func isKept(_ index: Int) -> Bool {
    guard let active = activeParts[index], active.part.parent == nil else { return false }
    return active.missing.isEmpty && control[words.done(index)] == Int64(active.part.blocks.count)
  }

  /// Waits for the other ranks of the team, which never wait for their leader meanwhile.
  func waitForRanks(in phase: String, _ condition: (Int) -> Bool) {
    var patience = Patience()
    for rank in 1..<max(1, team.ranks.size) {
      while !condition(rank) {
        usleep(100)
        if let seconds = patience.endsAfter() {
          let late = (rank..<team.ranks.size).filter { !condition($0) }.map { team.members[$0] }
          surroundings.alarm(
            "rank \(team.members[team.ranks.rank]) has waited \(Int(seconds)) s in \"\(phase)\" for \(names(of: late))")
        }
      }
    }
  }
}
