#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Says on the root which ranks it waits for, where that takes suspiciously long.
///
/// MPI's collectives do not tell who is missing. So every other rank sends the root a word before it enters one, and
/// the root enters when it has everybody's. Nothing is decided by these words: a rank that comes late is waited for as
/// ever.
final class StallWatch {
  /// A communicator of its own: the words cannot be mistaken for anybody's messages.
  private let channel: Communicator
  /// The host of each rank.
  private let hosts: [String]
  /// After how many seconds the root speaks; nil for never.
  private let limit: Double?
  private let report: (String) -> Void
  /// How often this rank has met the others, and on the root how many words each rank has sent.
  private var meetings: Int64 = 0
  private var arrivals: [Int64]
  /// Whether the ranks have met already for the collective calls that follow.
  private var haveMet = false

  init(channel: Communicator, hosts: [String], limit: Double?, report: @escaping (String) -> Void) {
    self.channel = channel
    self.hosts = hosts
    self.limit = limit
    self.report = report
    arrivals = Array(repeating: 0, count: channel.size)
  }

  /// Returns when all ranks have come here, on the root; at once on the others.
  ///
  /// Meetings do not mix, though a rank may be some of them ahead of the root (after a reduction it does not wait for
  /// anybody): all ranks meet in the same order, and messages from one rank with one tag on one communicator arrive in
  /// the order in which they were sent. So the n-th word of a rank is the one for the n-th meeting, and a word that
  /// comes early is counted for the meeting that it belongs to.
  func meet(_ phase: String) throws(MessagePassingError) {
    guard !haveMet else { return }
    meetings += 1
    guard channel.isRoot else { return try channel.post([meetings], to: Communicator.root) }
    arrivals[Communicator.root] = meetings
    var missing = arrivals.count { $0 < meetings }
    var clock = PatientClock()
    var nextReport = limit
    while missing > 0 {
      guard let message = try channel.probe(tag: 0) else {
        if let seconds = nextReport, clock.waited >= seconds {
          report(Self.text(phase, seconds: seconds, late: late, hosts: hosts))
          nextReport = seconds * 2
        }
        clock.wait()
        continue
      }
      var word: Int64 = 0
      try withUnsafeMutablePointer(to: &word) { pointer throws(MessagePassingError) in
        try channel.receive(into: UnsafeMutableBufferPointer(start: pointer, count: 1), from: message.source)
      }
      arrivals[message.source] += 1
      if arrivals[message.source] == meetings { missing -= 1 }
    }
  }

  /// Runs collective calls for which the ranks have met just now.
  func afterMeeting<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    let previous = haveMet
    haveMet = true
    defer { haveMet = previous }
    return try body()
  }

  private var late: [Int] { arrivals.indices.filter { arrivals[$0] < meetings } }

  /// What the root says about ranks that are late, at most five of them by name.
  static func text(_ phase: String, seconds: Double, late: [Int], hosts: [String]) -> String {
    let ranks = Place.names(of: late, hosts: hosts)
    let time = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    return "rank 0 has waited \(time) s in \"\(phase)\" for \(ranks)"
  }
}

/// Waits in small pieces that grow with the time waited: late by a sixteenth at most, and never by more than 1 ms.
private struct PatientClock {
  /// The seconds waited so far, those in which this process could not look left out: after a night in which the whole
  /// machine slept, nobody is late.
  private(set) var waited = 0.0
  private var last = Self.now

  mutating func wait() {
    let pause = min(waited / 16, 0.001)
    if pause < 0.000_02 { sched_yield() } else { usleep(UInt32(pause * 1e6)) }
    let now = Self.now
    waited += min(now - last, 0.5)
    last = now
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

extension Communicator {
  /// What a phase is called that nobody named.
  package static let unnamedPhase = "an agreement"

  /// From now on the root of this communicator says so where it waits for other ranks for too long, in any collective
  /// call of this communicator but ``free()``. So none of these ends on the root before all ranks have come, not even a
  /// short broadcast.
  ///
  /// - Parameters:
  ///   - hosts: the host of each rank, in the order of ranks.
  ///   - seconds: after how long, and again after twice that time, and so on; nil for never.
  ///   - report: what to do with the text, such as `rank 0 has waited 60 s in "reading the models" for rank 5 on
  ///     node3`; called on the root, between MPI calls.
  ///
  /// The cost is a message of one word from every rank to the root per call. **Collective**; does nothing in a group of
  /// one.
  package func watch(
    hosts: [String], after seconds: Double?, report: @escaping (String) -> Void
  ) throws(MessagePassingError) {
    guard size > 1 else { return }
    watch = StallWatch(channel: try duplicate(), hosts: hosts, limit: seconds, report: report)
  }

  /// On the root of a communicator that is watched (see ``watch(hosts:after:report:)``) returns when all ranks have
  /// come here, and says which it waits for where that takes long. Elsewhere it returns at once, so it orders nothing.
  ///
  /// For a collective call that needs a better name than MPI's.
  ///
  /// - Parameters:
  ///   - phase: what all ranks are about to do, such as "adding up the statistics of sst2".
  ///
  /// **Collective.**
  package func meet(_ phase: String) throws(MessagePassingError) { try watch?.meet(phase) }

  /// Runs collective calls for which the ranks have met just now. **Collective.**
  func afterMeeting<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    guard let watch else { return try body() }
    return try watch.afterMeeting(body)
  }
}
