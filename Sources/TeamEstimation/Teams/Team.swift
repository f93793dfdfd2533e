import MessagePassing

/// Ranks of one node that work on one task at a time and add to one accumulator.
///
/// The first rank of a team is its leader: it speaks with the other leaders, writes checkpoints and delivers what is
/// done. The leader of the first team is the root of the world.
final class Team {
  /// The ranks of this team.
  let ranks: Communicator
  /// For the messages of the leaders.
  let control: any LeaderMessages
  /// What ``control`` uses, if it is MPI's.
  private let channel: Communicator?
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
    let node = try world.splitByNode()
    let teams = (node.size - 1) / largest + 1
    guard let ranks = try node.split(color: node.rank * teams / node.size) else {
      preconditionFailure("every rank belongs to a team")
    }
    try node.free()
    self.ranks = ranks
    // The world once more, so that these messages are apart from all others.
    let channel = try world.duplicate()
    self.channel = channel
    control = CommunicatorMessages(communicator: channel)
    members = try ranks.allGather(Int64(world.rank)).map { Int($0) }
    let leader = try ranks.broadcast(Int64(world.rank))
    let all = try world.allGather(leader)
    leaders = Set(all).sorted().map { Int($0) }
    sizes = leaders.map { leader in all.count { $0 == leader } }
    index = leaders.firstIndex(of: Int(leader)) ?? 0
  }

  /// A team as it is told, with messages of another kind.
  init(
    ranks: Communicator, control: any LeaderMessages, index: Int, members: [Int], sizes: [Int], leaders: [Int]
  ) {
    channel = nil
    self.ranks = ranks
    self.control = control
    self.index = index
    self.members = members
    self.sizes = sizes
    self.leaders = leaders
  }

  /// **Collective.**
  func free() throws {
    try ranks.free()
    try channel?.free()
  }
}
