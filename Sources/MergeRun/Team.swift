import LinearAlgebra
import MessagePassing

/// Ranks of one node that work on one task at a time and add to one accumulator.
///
/// The first rank of a team is its leader: it speaks with the other leaders, writes checkpoints and delivers what is done. The leader of the
/// first team is the root of the world.
final class Team {
  /// All ranks of the run.
  let world: Communicator
  /// The ranks of this team.
  let ranks: Communicator
  /// The world once more, for the messages of the leaders.
  let control: Communicator
  let index: Int
  /// The numbers in the world of this team's ranks.
  let members: [Int]
  /// The ranks of each team, and its leader's number in the world.
  let sizes: [Int]
  let leaders: [Int]

  var isLeader: Bool { ranks.isRoot }

  /// Divides the world into teams of equal size, as far as possible, on each node.
  ///
  /// - Parameter largest: the most ranks of a team.
  ///
  /// **Collective.**
  init(_ world: Communicator, largest: Int) throws {
    self.world = world
    let node = try world.splitByNode()
    let teams = (node.size - 1) / largest + 1
    guard let ranks = try node.split(color: node.rank * teams / node.size) else {
      preconditionFailure("every rank belongs to a team")
    }
    try node.free()
    self.ranks = ranks
    control = try world.duplicate()
    members = try ranks.allGather(Int64(world.rank)).map { Int($0) }
    let leader = try ranks.broadcast(Int64(world.rank))
    let all = try world.allGather(leader)
    leaders = Set(all).sorted().map { Int($0) }
    sizes = leaders.map { leader in all.count { $0 == leader } }
    index = leaders.firstIndex(of: Int(leader)) ?? 0
  }

  /// **Collective.**
  func free() throws {
    try ranks.free()
    try control.free()
  }
}

/// The memory that a team shares: locks, control words, and slots for the sums of as many tasks as may be under way.
final class TeamMemory {
  let slotCount: Int
  let slotWords: Int
  /// Nil in a team of one.
  let locks: TileLocks?
  let control: SharedWords
  private let window: SharedWindow
  private let slots: [Buffer<Int64>]

  private static let lockBytes = 1 << 14

  /// **Collective** over the team.
  init(_ team: Team, controlWords: Int, slotWords: Int, slots slotCount: Int) throws {
    self.slotCount = slotCount
    self.slotWords = slotWords
    let window = try SharedWindow(
      bytes: Self.bytes(controlWords: controlWords, slotWords: slotWords, slots: slotCount), team: team.ranks)
    self.window = window
    func part(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: window.memory[start..<start + count])
    }
    locks = team.ranks.size > 1 ? TileLocks(part(0, Self.lockBytes)) : nil
    control = SharedWords(part(Self.lockBytes, 8 * controlWords))
    let first = Self.slotStart(controlWords: controlWords)
    slots = (0..<slotCount).map { slot in
      Buffer(count: slotWords, in: part(first + slot * 8 * slotWords, 8 * slotWords), owner: window)
    }
  }

  /// Slots begin at a page.
  private static func slotStart(controlWords: Int) -> Int { (lockBytes + 8 * controlWords + 4095) / 4096 * 4096 }

  static func bytes(controlWords: Int, slotWords: Int, slots: Int) -> Int {
    slotStart(controlWords: controlWords) + slots * 8 * slotWords
  }

  /// The words of a slot; valid as long as this object.
  func slot(_ index: Int) -> Vector<Int64> { slots[index].vector }

  /// **Collective** over the team.
  func free() throws { try window.free() }
}

/// The places of a team's control words.
struct TeamWords {
  let ranks: Int
  let parts: Int

  /// Why the team is to stop: 0 while it is not; see ``StopReason``.
  let stop = 0
  /// The number of the last pause that the leader asked for, and of the last that is over.
  let pause = 1
  let resumed = 2
  /// How many checkpoints users have asked for.
  let checkpointRequests = 3

  private var fixed: Int { 4 }
  /// The number of the last pause that a rank keeps; the largest number once it has left.
  func kept(_ rank: Int) -> Int { fixed + rank }
  /// What a rank is doing: 0 nothing, else 1 + the number of the block that it evaluates.
  func activity(_ rank: Int) -> Int { fixed + ranks + rank }

  private func part(_ part: Int, _ word: Int) -> Int { fixed + 2 * ranks + 5 * part + word }
  /// How many blocks of a part were claimed (or tried to be), and how many are done.
  func claimed(_ index: Int) -> Int { part(index, 0) }
  func done(_ index: Int) -> Int { part(index, 1) }
  /// Whether the slot of the part is free for another.
  func released(_ index: Int) -> Int { part(index, 2) }
  /// The nanoseconds that ranks have spent on it.
  func time(_ index: Int) -> Int { part(index, 3) }
  /// Whether a rank has failed in the middle of a block, so that the sums are of no use.
  func spoilt(_ index: Int) -> Int { part(index, 4) }

  var count: Int { part(parts, 0) }
}

/// Why teams stop before they are done. Of several the largest number counts.
enum StopReason: Int64 {
  case signal = 1
  case maximumTime = 2
  /// A rank has failed; it says why.
  case failure = 3

  var interruption: Interruption? {
    switch self {
    case .signal: .signal
    case .maximumTime: .maximumTime
    case .failure: nil
    }
  }
}
