import Scheduling

/// Plays a schedule: every block of every rank, every hand-over and every file, with the order of actions that
/// `TeamRun` has.
///
/// A leader is a rank that between two blocks answers messages, hands sums over and writes files; so what concerns its
/// team waits for its block to end. Blocks of a part are claimed by whoever is free. A team begins a part when a slot
/// is free for its sums.
package struct Simulation {
  /// Where the ranks' time went, in rank-seconds.
  package struct Times: Sendable, Codable {
    package var computing = 0.0
    /// Sending and receiving sums, waiting for the other side included.
    package var handingOver = 0.0
    package var writing = 0.0
    /// Until weights are read.
    package var reading = 0.0
    /// For a slot, while there was work.
    package var waiting = 0.0
    /// When all blocks of the team were claimed.
    package var ending = 0.0

    package init() {}
  }

  package struct Outcome: Sendable {
    /// Seconds until the last task is delivered.
    package var end = 0.0
    /// Until the last block is done.
    package var lastBlock = 0.0
    package var times = Times()
    /// How often each block was evaluated, by task and index.
    package var evaluated: [[Int: Int]] = []
    /// When each task was delivered.
    package var delivered: [Double] = []
  }

  private enum Event {
    /// A rank comes to a block's boundary; `part` is the one whose block it has finished.
    case free(team: Int, rank: Int, part: Int?)
    /// A leader is rid of a part's sums: they are handed over or delivered.
    case released(team: Int, part: Int)
    case message(Message, to: Int)
  }

  private enum Message {
    case announcement(from: Int, task: Int)
    case call(task: Int)
    case sums(from: Int, task: Int)
  }

  private struct Part {
    let part: EstimationSchedule.Part
    let blocks: [Int]
    var claimed = 0
    var done = 0
    var isOpen = false
    /// Announced to its receiver, or being delivered.
    var isLeaving = false
    var isReleased = false
    var missing: Set<Int>
    var called: Set<Int> = []

    var hasBlocks: Bool { claimed < blocks.count }
    var isComplete: Bool { done == blocks.count && missing.isEmpty }
  }

  private struct Team {
    let node: Int
    let ranks: Int
    var parts: [Part]
    /// The part at which the leader is.
    var place = 0
    /// Since when ranks have had nothing to do.
    var idle: [Int: Double] = [:]
    var inbox: [Message] = []
    var announcements: [(team: Int, task: Int)] = []
    /// Since when the leader has been sending.
    var sending = 0.0

    func hasSlot(_ part: Int, of slots: Int) -> Bool { part < slots || parts[part - slots].isReleased }
  }

  private let platform: Platform
  private let design: Design
  private let workload: Workload
  private let works: [[Int: Double]]
  private let nodeFactors: [Double]
  private let speed: Double
  private var teams: [Team] = []
  private var random: RandomNumbers
  private var queue = EventQueue<Event>()
  private var outcome = Outcome()
  /// By node: when a task's weights are there.
  private var weights: [[Int: Double]]
  /// When each of the file system's channels is free; a channel is as fast as one node.
  private var readers: [Double]
  private var writers: [Double]

  /// - Parameters:
  ///   - layout: each team's node and ranks.
  ///   - nodeFactors: by how much each node is slower than the platform's speed.
  package init(
    _ workload: Workload, _ schedule: EstimationSchedule, layout: [(node: Int, ranks: Int)], nodeFactors: [Double],
    platform: Platform, design: Design, seed: UInt64
  ) {
    (self.workload, self.platform, self.design, self.nodeFactors) = (workload, platform, design, nodeFactors)
    works = workload.tasks.map { Dictionary(uniqueKeysWithValues: $0.blocks.map { ($0.index, $0.work) }) }
    speed = platform.speed[workload.statistic] ?? 1
    random = RandomNumbers(seed: seed)
    weights = Array(repeating: [:], count: nodeFactors.count)
    func channels(_ total: Double, _ node: Double) -> [Double] {
      Array(repeating: 0, count: total.isFinite ? max(1, Int(total / node)) : 1)
    }
    readers = channels(platform.totalRead, platform.nodeRead)
    writers = channels(platform.totalWrite, platform.nodeWrite)
    teams = zip(layout, schedule.parts).map { place, parts in
      Team(
        node: place.node, ranks: place.ranks,
        parts: parts.map { Part(part: $0, blocks: $0.blocks.indices, missing: Set($0.children)) })
    }
    outcome.evaluated = works.map { _ in [:] }
    outcome.delivered = Array(repeating: 0, count: works.count)
  }

  /// Plays to the end.
  package mutating func run() -> Outcome {
    for team in teams.indices {
      for rank in 0..<teams[team].ranks { queue.add(.free(team: team, rank: rank, part: nil), at: 0) }
    }
    while let (time, event) = queue.next() {
      switch event {
      case .free(let team, let rank, let part):
        if let part {
          teams[team].parts[part].done += 1
          if rank != 0, teams[team].parts[part].isComplete { wake(team, 0, time) }
        }
        act(team, rank, time)
      case .released(let team, let part):
        teams[team].parts[part].isReleased = true
        outcome.end = max(outcome.end, time)
        if teams[team].parts[part].part.parent == nil { outcome.delivered[teams[team].parts[part].part.task] = time }
        act(team, 0, time)
        for rank in teams[team].idle.keys.sorted() { wake(team, rank, time) }
      case .message(let message, let team):
        teams[team].inbox.append(message)
        wake(team, 0, time)
      }
    }
    precondition(teams.allSatisfy { $0.parts.allSatisfy(\.isReleased) }, "nobody waits for ever")
    for team in teams {
      for since in team.idle.values { outcome.times.ending += outcome.end - since }
    }
    return outcome
  }

  // MARK: What a rank does next

  /// Has an idle rank look for something to do.
  private mutating func wake(_ team: Int, _ rank: Int, _ now: Double) {
    guard let since = teams[team].idle.removeValue(forKey: rank) else { return }
    if teams[team].parts.contains(where: \.hasBlocks) {
      outcome.times.waiting += now - since
    } else {
      outcome.times.ending += now - since
    }
    act(team, rank, now)
  }

  private mutating func act(_ team: Int, _ rank: Int, _ now: Double) {
    var part: Int?
    if rank == 0 {
      if serve(team, now) { return }
      let isFree = design.hasFreeLeader && teams[team].ranks > 1
      while teams[team].place < teams[team].parts.count, teams[team].hasSlot(teams[team].place, of: design.slots) {
        let place = teams[team].place
        teams[team].parts[place].isOpen = true
        if serve(team, now) { return }
        if teams[team].parts[place].hasBlocks, !isFree {
          part = place
          break
        }
        teams[team].place += 1
      }
    } else {
      let next = teams[team].parts.firstIndex(where: \.hasBlocks)
      if let next, teams[team].hasSlot(next, of: design.slots) { part = next }
    }
    guard let part else {
      teams[team].idle[rank] = now
      return
    }
    evaluateBlock(of: part, team, rank, now)
  }

  private mutating func evaluateBlock(of part: Int, _ team: Int, _ rank: Int, _ now: Double) {
    let node = teams[team].node
    let task = teams[team].parts[part].part.task
    let block = teams[team].parts[part].blocks[teams[team].parts[part].claimed]
    teams[team].parts[part].claimed += 1
    let start = max(now, readWeights(of: task, on: node, now))
    // Not before half of this part is claimed: others may still be waiting for theirs.
    if design.readsAhead, part + 1 < teams[team].parts.count,
      2 * teams[team].parts[part].claimed >= teams[team].parts[part].blocks.count
    {
      _ = readWeights(of: teams[team].parts[part + 1].part.task, on: node, start)
    }
    let duration =
      works[task][block, default: 0] / speed * nodeFactors[node] * random.factor(sigma: platform.blockSpread)
    outcome.times.reading += start - now
    outcome.times.computing += duration
    outcome.evaluated[task][block, default: 0] += 1
    outcome.lastBlock = max(outcome.lastBlock, start + duration)
    queue.add(.free(team: team, rank: rank, part: part), at: start + duration)
  }

  /// When a task's weights are in a node's memory; the first who asks has them read.
  private mutating func readWeights(of task: Int, on node: Int, _ now: Double) -> Double {
    if let ready = weights[node][task] { return ready }
    let ready = Self.use(&readers, from: now, for: workload.shape.weightBytes / platform.nodeRead)
    weights[node][task] = ready
    return ready
  }

  /// Occupies the channel that is free first. Gives the end.
  private static func use(_ channels: inout [Double], from now: Double, for duration: Double) -> Double {
    guard duration > 0, let first = channels.indices.min(by: { channels[$0] < channels[$1] }) else { return now }
    channels[first] = max(now, channels[first]) + duration
    return channels[first]
  }

  // MARK: What a leader does besides

  /// Answers messages, hands over and delivers. Gives whether the leader is occupied by that.
  private mutating func serve(_ team: Int, _ now: Double) -> Bool {
    while !teams[team].inbox.isEmpty {
      switch teams[team].inbox.removeFirst() {
      case .announcement(let child, let task): teams[team].announcements.append((child, task))
      case .call(let task):
        guard let part = teams[team].parts.first(where: { $0.part.task == task })?.part, let parent = part.parent
        else { preconditionFailure("who is called has a part") }
        teams[team].sending = now
        queue.add(.message(.sums(from: team, task: task), to: parent), at: now + platform.latency)
        return true
      case .sums(let child, let task):
        receive(team, from: child, task: task, now)
        return true
      }
    }
    answerAnnouncements(team, now)
    for index in teams[team].parts.indices where teams[team].parts[index].isOpen {
      let part = teams[team].parts[index]
      guard !part.isLeaving, part.isComplete else { continue }
      teams[team].parts[index].isLeaving = true
      if let parent = part.part.parent {
        queue.add(
          .message(.announcement(from: team, task: part.part.task), to: parent), at: now + platform.latency)
      } else {
        let bytes = workload.sumBytes
        let passes = design.deliversInOnePass ? 1.0 : 2
        let prepared = now + passes * bytes / platform.conversion + bytes / platform.hashing
        let end = Self.use(&writers, from: prepared, for: bytes / platform.nodeWrite) + platform.sync + clearing
        outcome.times.writing += end - now
        queue.add(.released(team: team, part: index), at: end)
        return true
      }
    }
    return false
  }

  private mutating func answerAnnouncements(_ team: Int, _ now: Double) {
    for (child, task) in teams[team].announcements {
      guard
        let index = teams[team].parts.firstIndex(where: { $0.part.task == task && $0.isOpen && !$0.isReleased }),
        teams[team].parts[index].missing.contains(child), !teams[team].parts[index].called.contains(child)
      else { continue }
      teams[team].parts[index].called.insert(child)
      queue.add(.message(.call(task: task), to: child), at: now + platform.latency)
    }
  }

  private mutating func receive(_ team: Int, from child: Int, task: Int, _ now: Double) {
    guard let own = teams[team].parts.firstIndex(where: { $0.part.task == task }),
      let theirs = teams[child].parts.firstIndex(where: { $0.part.task == task })
    else { preconditionFailure("both have a part of the task") }
    let bytes = workload.sumBytes
    let isLocal = teams[team].node == teams[child].node
    let pieces = (bytes / Double(4 << 20)).rounded(.up)
    let end =
      now + pieces * platform.latency + bytes / (isLocal ? platform.localBandwidth : platform.bandwidth)
      + bytes / platform.addition
    teams[team].parts[own].missing.remove(child)
    teams[team].announcements.removeAll { $0.team == child && $0.task == task }
    outcome.times.handingOver += end - now + end + clearing - teams[child].sending
    queue.add(.free(team: team, rank: 0, part: nil), at: end)
    queue.add(.released(team: child, part: theirs), at: end + clearing)
  }

  private var clearing: Double { workload.sumBytes / platform.addition }
}
