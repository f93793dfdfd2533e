import LinearAlgebra
import Scheduling

// How leaders hand sums over: the sender announces, the receiver calls it when it is at work on the task, the sender
// sends, and the receiver adds what comes, while the ranks of its team go on. No leader ever waits for another without
// serving its own team, so nobody waits in a circle; and a sender that is to stop takes its announcement back, so that
// a receiver that has called it does not wait for ever.

/// A team's sums that another leader has ready.
struct Announcement {
  let team: Int
  let model: Int
  let pass: Int
  let blocks: BlockSet
  let time: Int64
}

/// What leaders tell each other; the tags of their messages.
enum Message {
  static let announcement = 1
  static let call = 2
  static let sums = 3
  static let withdrawal = 4
  static let stop = 5
  static let checkpoint = 6
}

extension TeamRun {
  /// Words that are sent at once: 4 MiB.
  private static let pieceWords = 1 << 19

  func receiveMessages() throws {
    while let message = try team.control.probe() {
      guard let sender = team.leaders.firstIndex(of: message.source) else { preconditionFailure("a leader speaks") }
      if message.tag == Message.sums {
        try receiveSums(from: sender)
        continue
      }
      var content = [Int64](repeating: 0, count: message.count)
      try content.withUnsafeMutableBufferPointer {
        try team.control.receive(into: $0, from: message.source, tag: message.tag)
      }
      switch message.tag {
      case Message.announcement: announcements.append(Announcement(content, from: sender))
      case Message.call: try send(model: Int(content[0]))
      case Message.withdrawal: activePart(of: Int(content[0]))?.active.called.remove(sender)
      case Message.stop:
        control.raise(words.stop, to: content[0])
      case Message.checkpoint: control.raise(words.checkpointRequests, to: content[0])
      default: preconditionFailure("leaders say nothing else")
      }
    }
  }

  private func activePart(of model: Int) -> (index: Int, active: ActivePart)? {
    activeParts.first { $0.value.task.model == model }.map { ($0.key, $0.value) }
  }

  /// Says that a part's sums are complete.
  func announce(_ active: ActivePart, _ index: Int, to parent: Int) throws {
    let announcement = Announcement(
      team: team.index, model: active.task.model, pass: active.task.pass, blocks: blocks(of: active, index),
      time: time(of: active, index))
    try team.control.post(announcement.message, to: team.leaders[parent], tag: Message.announcement)
  }

  /// Calls those whose sums belong to a part that is under way here.
  func answerAnnouncements() throws {
    for announcement in announcements {
      guard let (_, active) = activePart(of: announcement.model), active.missing.contains(announcement.team),
        !active.called.contains(announcement.team), active.task.pass == announcement.pass
      else { continue }
      active.called.insert(announcement.team)
      try team.control.post(
        [Int64(announcement.model)], to: team.leaders[announcement.team], tag: Message.call)
    }
  }

  /// Sends the sums that the receiver has called for, and forgets them.
  private func send(model: Int) throws {
    guard let (index, active) = activePart(of: model), active.isAnnounced, let parent = active.part.parent else {
      return
    }
    let all = active.sums.all
    try withExtendedLifetime(memory) {
      for start in stride(from: 0, to: all.count, by: Self.pieceWords) {
        let piece = all[start..<min(start + Self.pieceWords, all.count)]
        try team.control.send(UnsafeBufferPointer(piece.buffer), to: team.leaders[parent], tag: Message.sums)
      }
    }
    release(index)
  }

  /// Adds another team's sums to those of the same task here.
  private func receiveSums(from sender: Int) throws {
    guard let index = activeParts.first(where: { $0.value.called.contains(sender) })?.key,
      let active = activeParts[index],
      let place = announcements.firstIndex(where: { $0.team == sender && $0.model == active.task.model })
    else { preconditionFailure("sums that were called for") }
    let piece = Buffer<Int64>(count: Self.pieceWords)
    for start in stride(from: 0, to: active.task.words, by: Self.pieceWords) {
      let part = piece.vector[0..<min(Self.pieceWords, active.task.words - start)]
      try team.control.receive(into: part.buffer, from: team.leaders[sender], tag: Message.sums)
      active.sums.combine(part, at: start)
    }
    let announcement = announcements.remove(at: place)
    active.arrived = active.arrived.union(announcement.blocks)
    active.arrivedTime += announcement.time
    active.called.remove(sender)
    active.missing.remove(sender)
    withExtendedLifetime(piece) {}
  }

  /// Tells a receiver that nothing will come.
  func withdraw(_ active: ActivePart, _ index: Int) throws {
    guard let parent = active.part.parent else { return }
    try team.control.post([Int64(active.task.model)], to: team.leaders[parent], tag: Message.withdrawal)
  }

  /// Tells all leaders, once, that everybody is to stop.
  func spreadStop() throws {
    guard !hasSpreadStop, let stop else { return }
    hasSpreadStop = true
    try tellOthers([stop.rawValue], tag: Message.stop)
  }

  /// Tells all leaders how many checkpoints users have asked for.
  func spreadCheckpointRequest() throws {
    guard checkpoints.hasNewRequest(control[words.checkpointRequests]) else { return }
    try tellOthers([control[words.checkpointRequests]], tag: Message.checkpoint)
  }

  private func tellOthers(_ words: [Int64], tag: Int) throws {
    for (index, leader) in team.leaders.enumerated() where index != team.index {
      try team.control.post(words, to: leader, tag: tag)
    }
  }
}

extension Announcement {
  /// Model, pass, time, then the blocks as bounds of runs.
  fileprivate var message: [Int64] {
    [Int64(model), Int64(pass), time] + blocks.runs.flatMap { [Int64($0.lowerBound), Int64($0.upperBound)] }
  }

  fileprivate init(_ message: [Int64], from team: Int) {
    let runs = stride(from: 3, to: message.count - 1, by: 2).map { Int(message[$0])..<Int(message[$0 + 1]) }
    self.init(
      team: team, model: Int(message[0]), pass: Int(message[1]), blocks: BlockSet(runs), time: message[2])
  }
}
