import Foundation
import Scheduling
import Sessions

extension TeamRun {
  /// What a leader does at a block's boundary.
  func lead() throws {
    try receiveMessages()
    // First of all, so that a run that is stopped soon leaves what is complete behind.
    for index in flights.keys.sorted() { try finishIfComplete(index) }
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
    if let kept = flights[index] { return kept.resume(with: part) }
    let task = orders.tasks[part.task]
    let sums = TaskSums(
      plan.emptyStatistics(of: opened.model, source.options), task, in: memory.slot(index % memory.slotCount),
      of: memory)
    let flight = Flight(part, task, opened, sums)
    if part.parent == nil {
      for path in task.files {
        let file = try CheckpointFile(path: source.directory.path.appending(path))
        guard let words = file.words else { continue }
        withExtendedLifetime(file) { sums.combine(words, at: 0) }
      }
      (flight.arrived, flight.arrivedTime) = (task.done, Int64(task.seconds * 1e9))
      flight.savedBlocks = task.done.count
    }
    flights[index] = flight
  }

  /// Hands a part over or delivers it, where all of it is there.
  private func finishIfComplete(_ index: Int) throws {
    guard let flight = flights[index], flight.missing.isEmpty, !flight.isAnnounced,
      control[words.done(index)] == Int64(flight.part.blocks.count)
    else { return }
    if let parent = flight.part.parent {
      guard stop == nil else { return }
      flight.isAnnounced = true
      try announce(flight, index, to: parent)
    } else if !orders.keepsSums {
      deliveries.append(try result(of: flight, index))
      release(index)
    }
  }

  /// Judges the sums, and has them written where they are good.
  private func result(of flight: Flight, _ index: Int) throws -> TaskDelivery {
    let blocks = blocks(of: flight, index)
    let used = blocks.indices.flatMap { flight.opened.blocks[$0] }
    var delivery = TaskDelivery(
      model: flight.task.model, examples: used.count,
      tokens: used.reduce(0) { $0 + flight.opened.examples.length($1) },
      seconds: Double(time(of: flight, index)) / 1e9, passes: flight.task.pass, blocks: blocks)
    for statistic in flight.sums.statistics { delivery.refused += statistic.sums.assess() }
    guard delivery.refused.isEmpty else {
      delivery.exponents = flight.sums.statistics.map { $0.sums.exponents.map { $0 ?? 0 } }
      delivery.settled = flight.sums.statistics.map(\.sums.settled)
      return delivery
    }
    try deliver(
      TaskResult(
        task: flight.task, opened: flight.opened, statistics: Array(zip(plan.statistics, flight.sums.statistics)),
        blocks: blocks, seconds: delivery.seconds))
    source.directory.removeCheckpoints(of: flight.task.hash)
    let predictions = OwnPredictions(
      of: flight.opened.model, on: flight.opened.examples, in: flight.sums.predictions)
    delivery.warning = predictions?.finding?.text(model: plan.models[flight.task.model].name)
    return delivery
  }

  /// The blocks that are in a part's sums. Only while the team stands still or has done all of it.
  func blocks(of flight: Flight, _ index: Int) -> BlockSet {
    flight.arrived.union(flight.part.blocks.prefix(Int(control[words.claimed(index)])))
  }

  func time(of flight: Flight, _ index: Int) -> Int64 { flight.arrivedTime + control[words.time(index)] }

  /// Makes a part's slot free for another.
  func release(_ index: Int) {
    flights[index]?.sums.all.clear()
    flights[index] = nil
    control[words.released(index)] = 1
  }

  /// Gives the sums of a task that stayed where they are, as complete. On the leader, after the sweep.
  func deliverKept() throws -> TaskDelivery? {
    guard let (index, flight) = flights.first else { return nil }
    let delivery = try result(of: flight, index)
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
    while flights.values.contains(where: { !$0.called.isEmpty }) {
      try receiveMessages()
      usleep(200)
    }
    for (index, flight) in flights where flight.isAnnounced { try withdraw(flight, index) }
    waitForRanks(in: "leaving") { control[words.kept($0)] == .max }
    save()
  }

  private func isKept(_ index: Int) -> Bool {
    guard let flight = flights[index], flight.part.parent == nil else { return false }
    return flight.missing.isEmpty && control[words.done(index)] == Int64(flight.part.blocks.count)
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
